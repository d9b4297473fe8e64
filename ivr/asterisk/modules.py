"""The Asterisk modules that a desk needs. Nothing else is loaded."""

from __future__ import annotations

REQUIRED = (
    "res_timing_timerfd", "res_speech", "res_cdrel_custom", "res_sorcery_config", "res_sorcery_memory",
    "res_sorcery_astdb", "res_pjproject", "res_pjsip", "res_pjsip_session", "res_pjsip_pubsub", "chan_pjsip",
    "res_rtp_asterisk", "res_musiconhold", "res_agi", "pbx_config", "cel_custom", "app_queue", "app_dial",
    "app_playback", "app_read", "app_record", "app_chanspy", "func_cut", "func_groupcount", "func_uri",
    "func_periodic_hook", "app_mixmonitor", "app_stack", "app_celgenuserevent", "app_exec", "format_wav",
    "format_pcm", "format_sln", "codec_ulaw", "codec_alaw", "func_callerid", "func_channel", "func_strings",
    "func_logic", "func_timeout", "func_devstate", "func_db", "bridge_simple", "bridge_native_rtp",
    "app_channelredirect", "app_originate", "func_dialplan", "func_global", "func_extstate",
    "res_pjsip_sdp_rtp", "res_pjsip_registrar", "res_pjsip_authenticator_digest",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_endpoint_identifier_ip",
)  # fmt: skip
"""Without one of these a call cannot be served: Asterisk refuses to start."""

WANTED = (
    "res_crypto", "res_srtp", "res_http_websocket", "res_pjsip_transport_websocket", "res_pjsip_sdp_rtp",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration", "res_pjsip_endpoint_identifier_user",
    "res_pjsip_caller_id", "res_pjsip_nat", "res_pjsip_rfc3326",
    "res_pjsip_dtmf_info", "res_pjsip_diversion", "res_pjsip_acl", "res_pjsip_path", "res_pjsip_header_funcs",
    "res_pjsip_logger", "res_pjsip_refer", "res_pjsip_rfc3329", "res_pjsip_empty_info", "res_security_log",
    "codec_g722", "codec_resample", "bridge_builtin_features", "bridge_softmix", "bridge_holding",
    "chan_bridge_media", "app_bridgewait", "res_format_attr_opus", "res_clioriginate", "func_hangupcause",
    "res_parking",
)  # fmt: skip
"""Loaded when there: telephones in the browser, wide-band voice, transfers, `originate` for the self-test."""

SHADOW = ("cdr_csv",)
"""Loaded when Asterisk is to write its own records too, to compare the ledger with."""
