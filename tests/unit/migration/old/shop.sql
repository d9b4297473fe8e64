/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.14-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: asterisk
-- ------------------------------------------------------
/*!40101 SET NAMES utf8mb4 */;

DROP TABLE IF EXISTS `admin`;
CREATE TABLE `admin` (
  `variable` varchar(20) NOT NULL DEFAULT '',
  `value` varchar(80) NOT NULL DEFAULT ''
) ENGINE=InnoDB;
INSERT INTO `admin` VALUES
('need_reload','it''s; (not) a row'),
('version','17.0.19');

CREATE TABLE `announcement` (
  `announcement_id` int(11) NOT NULL AUTO_INCREMENT,
  `description` varchar(50) DEFAULT NULL,
  `recording_id` int(11) DEFAULT NULL,
  `allow_skip` tinyint(1) NOT NULL DEFAULT 0,
  `post_dest` varchar(255) DEFAULT NULL,
  `return_ivr` tinyint(1) NOT NULL DEFAULT 0,
  `noanswer` tinyint(1) NOT NULL DEFAULT 0,
  `repeat_msg` varchar(2) NOT NULL DEFAULT '',
  PRIMARY KEY (`announcement_id`)
) ENGINE=InnoDB;
INSERT INTO `announcement` VALUES
(1,'Closed; \"good bye\"',2,0,'app-blackhole,hangup,1',0,0,''),
(2,'Address',3,0,'',1,0,'');

CREATE TABLE `daynight` (
  `ext` varchar(10) NOT NULL DEFAULT '',
  `dmode` varchar(40) NOT NULL DEFAULT '',
  `dest` varchar(255) NOT NULL DEFAULT '',
  PRIMARY KEY (`ext`,`dmode`,`dest`)
) ENGINE=InnoDB;
INSERT INTO `daynight` VALUES
('0','day','timeconditions,1,1'),
('0','fc_description','Shop'),
('0','night','app-announcement-1,s,1');

CREATE TABLE `devices` (
  `id` varchar(20) NOT NULL DEFAULT '',
  `tech` varchar(10) NOT NULL DEFAULT '',
  `dial` varchar(255) NOT NULL DEFAULT '',
  `devicetype` varchar(5) NOT NULL DEFAULT '',
  `user` varchar(50) DEFAULT NULL,
  `description` varchar(50) DEFAULT NULL
) ENGINE=InnoDB;
INSERT INTO `devices` VALUES
('101','pjsip','PJSIP/101','fixed','101','Anna O\'Hara'),
('102','pjsip','PJSIP/102','fixed','102','Boris'),
('103','pjsip','PJSIP/103','fixed','103','Clara');

CREATE TABLE `incoming` (
  `cidnum` varchar(20) DEFAULT NULL,
  `extension` varchar(50) NOT NULL,
  `destination` varchar(50) DEFAULT NULL,
  `privacyman` tinyint(1) DEFAULT NULL,
  `alertinfo` varchar(255) DEFAULT NULL,
  `ringing` varchar(20) DEFAULT NULL,
  `fanswer` varchar(20) DEFAULT NULL,
  `mohclass` varchar(80) NOT NULL DEFAULT 'default',
  `description` varchar(100) DEFAULT NULL
) ENGINE=InnoDB;
INSERT INTO `incoming` VALUES
('','78124483455','app-daynight,0,1',0,'','','','default','Shop'),
('','+78124483456','timeconditions,1,1',0,'','','','default','Shop, billboard'),
('79210000009','78124483455','ext-queues,600,1',0,'','','','default','The owner'),
('','78124483457','ivr-9,s,1',0,'','','','default','Old line'),
('','78124483459','from-did-direct,103,1',0,'','','','default','Clara herself');

CREATE TABLE `ivr_details` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) DEFAULT NULL,
  `description` varchar(150) DEFAULT NULL,
  `announcement` int(11) DEFAULT NULL,
  `directdial` varchar(50) DEFAULT NULL,
  `invalid_loops` varchar(10) DEFAULT NULL,
  `invalid_retry_recording` varchar(25) DEFAULT NULL,
  `invalid_destination` varchar(50) DEFAULT NULL,
  `timeout_enabled` varchar(50) DEFAULT NULL,
  `invalid_recording` varchar(25) DEFAULT NULL,
  `retvm` varchar(8) DEFAULT NULL,
  `timeout_time` int(11) DEFAULT NULL,
  `timeout_recording` varchar(25) DEFAULT NULL,
  `timeout_retry_recording` varchar(25) DEFAULT NULL,
  `timeout_destination` varchar(50) DEFAULT NULL,
  `timeout_loops` varchar(10) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5;
INSERT INTO `ivr_details` VALUES
(1,'Main menu','',1,'ext-local','2','default','ext-queues,600,1',NULL,'default','',4,'default','default','ext-queues,600,1','1'),
(2,'Deliveries','',4,'Disabled','2','','ivr-2,s,1',NULL,'','',10,'','','ivr-2,s,1','disabled'),
(7,'Forgotten','',NULL,'Disabled','2','','',NULL,'','',10,'','','','3');

CREATE TABLE `ivr_entries` (
  `ivr_id` int(11) NOT NULL,
  `selection` varchar(30) DEFAULT NULL,
  `dest` varchar(200) DEFAULT NULL,
  `ivr_ret` tinyint(1) NOT NULL DEFAULT 0
) ENGINE=InnoDB;
INSERT INTO `ivr_entries` VALUES
(1,'0','ext-queues,600,1',0),
(1,'1','ext-queues,600,1',0),
(1,'2','ext-queues,601,1',0),
(1,'3','ivr-2,s,1',0),
(1,'4','app-announcement-2,s,1',0),
(1,'5','ext-miscdests,1,1',0),
(1,'6','timeconditions,3,1',0),
(1,'7','app-languages,1,1',0),
(1,'8','disa,1,1',0),
(1,'9','ext-local,vmu101,1',0),
(1,'*','ivr-1,s,1',0),
(1,'12','ext-queues,601,1',0),
(2,'1','ext-group,610,1',0),
(2,'2','from-did-direct,103,1',0);

CREATE TABLE `languages` (
  `language_id` int(11) NOT NULL AUTO_INCREMENT,
  `lang_code` varchar(50) DEFAULT NULL,
  `description` varchar(50) DEFAULT NULL,
  `dest` varchar(255) DEFAULT NULL
) ENGINE=InnoDB;
INSERT INTO `languages` VALUES
(1,'ru','Russian','ivr-1,s,1');

CREATE TABLE `miscdests` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `description` varchar(100) NOT NULL DEFAULT '',
  `destdial` varchar(100) NOT NULL DEFAULT ''
) ENGINE=InnoDB;
INSERT INTO `miscdests` VALUES
(1,'The owner\'s mobile','89210000001');

CREATE TABLE `queues_config` (
  `extension` varchar(20) NOT NULL DEFAULT '',
  `descr` varchar(35) NOT NULL DEFAULT '',
  `grppre` varchar(100) NOT NULL DEFAULT '',
  `alertinfo` varchar(254) NOT NULL DEFAULT '',
  `ringing` tinyint(1) NOT NULL DEFAULT 0,
  `maxwait` varchar(8) NOT NULL DEFAULT '',
  `password` varchar(20) NOT NULL DEFAULT '',
  `ivr_id` varchar(8) NOT NULL DEFAULT '0',
  `dest` varchar(50) NOT NULL DEFAULT '',
  `joinannounce_id` int(11) DEFAULT NULL,
  `callconfirm` tinyint(1) DEFAULT 0
) ENGINE=InnoDB;
INSERT INTO `queues_config` VALUES
('600','Sales','','',0,'90','','0','ext-queues,601,1',NULL,1),
('601','Отдел доставки','','',0,'','','0','ext-queues,601,1',5,0),
('602','Nobody comes here','','',0,'','','0','',NULL,0);

CREATE TABLE `queues_details` (
  `id` varchar(45) NOT NULL DEFAULT '-1',
  `keyword` varchar(30) NOT NULL DEFAULT '',
  `data` varchar(150) NOT NULL DEFAULT '',
  `flags` int(11) NOT NULL DEFAULT 0
) ENGINE=InnoDB;
INSERT INTO `queues_details` VALUES
('600','member','Local/101@from-queue/n,0',0),
('600','member','Local/102@from-queue/n,1',1),
('600','member','Local/89210000002@from-queue/n,0',2),
('600','strategy','ringall',0),
('600','timeout','15',0),
('600','wrapuptime','10',0),
('600','maxlen','12',0),
('600','recording','force',0),
('600','announce-position','yes',0),
('601','strategy','rrmemory',0),
('601','timeout','0',0),
('601','maxlen','0',0);

CREATE TABLE `recordings` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `displayname` varchar(50) DEFAULT NULL,
  `filename` mediumblob DEFAULT NULL,
  `description` varchar(254) DEFAULT NULL
) ENGINE=InnoDB;
INSERT INTO `recordings` VALUES
(1,'welcome','custom/welcome&custom/main-menu',''),
(2,'closed','custom/closed','Says: \"closed\"'),
(3,'address','custom/address',''),
(4,'deliveries','custom/deliveries',''),
(5,'wait','custom/please-wait','');

CREATE TABLE `ringgroups` (
  `grpnum` varchar(20) NOT NULL,
  `strategy` varchar(50) NOT NULL,
  `grptime` smallint(6) NOT NULL,
  `grppre` varchar(100) DEFAULT NULL,
  `grplist` varchar(255) NOT NULL,
  `annmsg_id` int(11) DEFAULT NULL,
  `postdest` varchar(255) DEFAULT NULL,
  `description` varchar(35) NOT NULL
) ENGINE=InnoDB;
INSERT INTO `ringgroups` VALUES
('610','ringall',25,'','102-103-89210000003#',0,'ext-local,vmu103,1','Drivers');

CREATE TABLE `timeconditions` (
  `timeconditions_id` int(11) NOT NULL AUTO_INCREMENT,
  `displayname` varchar(50) DEFAULT NULL,
  `time` int(11) DEFAULT NULL,
  `truegoto` varchar(50) DEFAULT NULL,
  `falsegoto` varchar(50) DEFAULT NULL,
  `timezone` varchar(255) DEFAULT NULL,
  `mode` varchar(20) DEFAULT 'time-group',
  `calendar_id` varchar(150) DEFAULT NULL
) ENGINE=InnoDB;
INSERT INTO `timeconditions` VALUES
(1,'Holidays',1,'app-announcement-1,s,1','timeconditions,2,1','Europe/Moscow','time-group',''),
(2,'Working hours',2,'ivr-1,s,1','app-announcement-1,s,1','Europe/Moscow','time-group',''),
(3,'Lunch',3,'app-announcement-1,s,1','ext-queues,601,1','default','time-group','');

CREATE TABLE `timegroups_details` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `timegroupid` int(11) NOT NULL DEFAULT 0,
  `time` varchar(100) NOT NULL DEFAULT '',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `timegroups_details` VALUES
(1,1,'00:00-23:59|*|1-8|jan'),
(2,1,'*|*|9|may'),
(3,2,'09:00-17:59|mon-fri|1-31|jan-dec'),
(4,2,'10:00-15:00|sat|*|*'),
(5,3,'13:00-14:00|*|*|*');

CREATE TABLE `users` (
  `extension` varchar(20) NOT NULL DEFAULT '',
  `password` varchar(20) DEFAULT NULL,
  `name` varchar(50) DEFAULT NULL,
  `voicemail` varchar(50) DEFAULT NULL,
  `ringtimer` int(11) DEFAULT 0
) ENGINE=InnoDB;
INSERT INTO `users` VALUES
('101','','Anna O\'Hara','default',0),
('102','','Boris; \"the boss\", <102>','novm',0),
('103','','Clara','default',15);
-- Dump completed on 2026-01-12  3:49:12
