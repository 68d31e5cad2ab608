/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may be claimed: roles and categories. Categories are the types of the Reference Security
 * Incident Taxonomy (ENISA, version 1003); those from CATEGORY_POLICY on are facts about address
 * space, not incidents. Numbers are stored: they never change, new ones go at the end.
 */
#pragma once

#include "base/str.h"

enum role {
	ROLE_SOURCE = 0,      /* attacks come from it ("src") */
	ROLE_DESTINATION = 1, /* victims connect to it ("dst") */
	ROLE_POLICY = 2,      /* Tor exit, VPN, end-user range ... ("policy") */
	ROLE_COUNT
};

enum category {
	CATEGORY_NONE = 0,
	CATEGORY_SPAM,
	CATEGORY_HARMFUL_SPEECH,
	CATEGORY_VIOLENCE,
	CATEGORY_INFECTED_SYSTEM,
	CATEGORY_C2_SERVER,
	CATEGORY_MALWARE_DISTRIBUTION,
	CATEGORY_MALWARE_CONFIGURATION,
	CATEGORY_SCANNER,
	CATEGORY_SNIFFING,
	CATEGORY_SOCIAL_ENGINEERING,
	CATEGORY_IDS_ALERT,
	CATEGORY_BRUTE_FORCE,
	CATEGORY_EXPLOIT,
	CATEGORY_PRIVILEGED_ACCOUNT_COMPROMISE,
	CATEGORY_UNPRIVILEGED_ACCOUNT_COMPROMISE,
	CATEGORY_APPLICATION_COMPROMISE,
	CATEGORY_SYSTEM_COMPROMISE,
	CATEGORY_BURGLARY,
	CATEGORY_DOS,
	CATEGORY_DDOS,
	CATEGORY_MISCONFIGURATION,
	CATEGORY_SABOTAGE,
	CATEGORY_OUTAGE,
	CATEGORY_UNAUTHORISED_INFORMATION_ACCESS,
	CATEGORY_UNAUTHORISED_INFORMATION_MODIFICATION,
	CATEGORY_DATA_LOSS,
	CATEGORY_DATA_LEAK,
	CATEGORY_UNAUTHORISED_USE_OF_RESOURCES,
	CATEGORY_COPYRIGHT,
	CATEGORY_MASQUERADE,
	CATEGORY_PHISHING,
	CATEGORY_WEAK_CRYPTO,
	CATEGORY_DDOS_AMPLIFIER,
	CATEGORY_POTENTIALLY_UNWANTED_ACCESSIBLE,
	CATEGORY_INFORMATION_DISCLOSURE,
	CATEGORY_VULNERABLE_SYSTEM,
	CATEGORY_OTHER,
	CATEGORY_UNDETERMINED,
	CATEGORY_TEST,
	CATEGORY_POLICY = 48,
	CATEGORY_TOR = CATEGORY_POLICY,
	CATEGORY_VPN,
	CATEGORY_END_USER_RANGE,
	CATEGORY_HOSTING,
	CATEGORY_HIJACKED_PREFIX,
	CATEGORY_COUNT /* at most 64: sets of categories are bit masks */
};
_Static_assert(CATEGORY_COUNT <= 64, "sets of categories are 64-bit masks");

struct category_info {
	struct str name;    /* "brute-force": the RSIT value, or ours behind CATEGORY_POLICY */
	struct str title;   /* "Login attempts" */
	uint8_t dns_code;   /* last octet of 127.0.0.x in DNS answers; 0: no code of its own */
	uint8_t usual_role; /* enum role, when a feed does not say */
};

/* NULL for numbers without a category. */
const struct category_info *category_info(unsigned category);
bool category_parse(struct str name, enum category *out);
/* "src", "dst", "policy". */
struct str role_name(enum role role);
bool role_parse(struct str name, enum role *out);

/* Traffic Light Protocol 2.0 (FIRST). Ordered: larger may be told to fewer. */
enum tlp { TLP_CLEAR = 0, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED, TLP_COUNT };
struct str tlp_name(enum tlp tlp); /* "amber+strict" */
bool tlp_parse(struct str name, enum tlp *out);
