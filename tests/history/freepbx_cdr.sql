-- MySQL dump 10.19  Distrib 10.3.39-MariaDB, for Linux (x86_64)
/*!40103 SET TIME_ZONE='+00:00' */;
DROP TABLE IF EXISTS `cdr`;
CREATE TABLE `cdr` (
  `calldate` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `clid` varchar(80) NOT NULL DEFAULT '',
  `src` varchar(80) NOT NULL DEFAULT '',
  `dst` varchar(80) NOT NULL DEFAULT '',
  `dcontext` varchar(80) NOT NULL DEFAULT '',
  `channel` varchar(80) NOT NULL DEFAULT '',
  `dstchannel` varchar(80) NOT NULL DEFAULT '',
  `lastapp` varchar(80) NOT NULL DEFAULT '',
  `lastdata` varchar(80) NOT NULL DEFAULT '',
  `duration` int(11) NOT NULL DEFAULT 0,
  `billsec` int(11) NOT NULL DEFAULT 0,
  `disposition` varchar(45) NOT NULL DEFAULT '',
  `amaflags` int(11) NOT NULL DEFAULT 0,
  `accountcode` varchar(20) NOT NULL DEFAULT '',
  `uniqueid` varchar(32) NOT NULL DEFAULT '',
  `userfield` varchar(255) NOT NULL DEFAULT '',
  `did` varchar(50) NOT NULL DEFAULT '',
  `recordingfile` varchar(255) NOT NULL DEFAULT '',
  `cnum` varchar(80) NOT NULL DEFAULT '',
  `cnam` varchar(80) NOT NULL DEFAULT '',
  `outbound_cnum` varchar(80) NOT NULL DEFAULT '',
  `outbound_cnam` varchar(80) NOT NULL DEFAULT '',
  `dst_cnam` varchar(80) NOT NULL DEFAULT '',
  `linkedid` varchar(32) NOT NULL DEFAULT '',
  `peeraccount` varchar(80) NOT NULL DEFAULT '',
  `sequence` int(11) NOT NULL DEFAULT 0,
  KEY `calldate` (`calldate`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
LOCK TABLES `cdr` WRITE;
INSERT INTO `cdr` VALUES ('2026-02-17 10:00:55','\"Иван\" <79261112233>','79261112233','600','ext-queues','PJSIP/trunk-00000068','Local/202@from-queue-00000012;1','Queue','600,t,,,,,,,,',27,27,'ANSWERED',3,'','1771311655.104','','74951234567','','79261112233','Иван','','','','1771311655.104','',1),('2026-02-17 10:01:10','\"Иван\" <79261112233>','79261112233','202','from-queue','Local/202@from-queue-00000012;2','PJSIP/202-0000006a','Dial','PJSIP/202/sip:202@10.0.0.5,,trI',12,0,'NO ANSWER',3,'','1771311670.106','','','','79261112233','Иван','','','','1771311655.104','',3),('2026-02-17 10:00:55','\"Иван\" <79261112233>','79261112233','600','ext-queues','PJSIP/trunk-00000068','Local/201@from-queue-00000013;1','Queue','600,t,,,,,,,,',145,130,'ANSWERED',3,'','1771311655.104','','74951234567','q-600-79261112233-20260217-100131-1771311655.104.wav','79261112233','Иван','','','','1771311655.104','',4),('2026-02-17 10:01:23','\"Иван\" <79261112233>','79261112233','201','from-queue','Local/201@from-queue-00000013;2','PJSIP/201-0000006d','Dial','PJSIP/201/sip:201@10.0.0.4,,trI',117,109,'ANSWERED',3,'','1771311683.108','','','','79261112233','Иван','','','','1771311655.104','',6);
INSERT INTO `cdr` VALUES ('2026-02-17 10:01:40','\"Anna\'s; DROP TABLE call;--\" <201>','201','89161234567','from-internal','PJSIP/201-00000070','PJSIP/trunk-00000071','Dial','PJSIP/89161234567@trunk,300,Tb',65,50,'ANSWERED',3,'','1771311700.112','','','','201','Anna','74951234567','','','1771311700.112','',8),('2026-02-17 10:06:30','\"\" <79260000001>','79260000001','600','ext-queues','PJSIP/trunk-00000078','','Queue','600,t,,,,,,,,',40,30,'ANSWERED',3,'','1771311885.120','','74951234567','','79260000001','','','','','1771311885.120','',9),('0000-00-00 00:00:00','','','','','','','','',0,0,'',0,'','','','','','','','','','','','',0);
UNLOCK TABLES;
