/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/taxonomy.h"

/* The DNS codes are those of the design; what has none of its own shows as DNS_CODE_OTHER. */
static const struct category_info categories[CATEGORY_COUNT] = {
	[CATEGORY_SPAM] = { STR_INIT("spam"), STR_INIT("Spam"), 6, ROLE_SOURCE },
	[CATEGORY_HARMFUL_SPEECH] = { STR_INIT("harmful-speech"), STR_INIT("Harmful speech"), 0,
		ROLE_SOURCE },
	[CATEGORY_VIOLENCE] = { STR_INIT("violence"), STR_INIT("Violent or abusive content"), 0,
		ROLE_DESTINATION },
	[CATEGORY_INFECTED_SYSTEM] = { STR_INIT("infected-system"), STR_INIT("Infected system"), 5,
		ROLE_SOURCE },
	[CATEGORY_C2_SERVER] = { STR_INIT("c2-server"), STR_INIT("Command and control server"), 8,
		ROLE_DESTINATION },
	[CATEGORY_MALWARE_DISTRIBUTION] = { STR_INIT("malware-distribution"),
		STR_INIT("Malware distribution"), 9, ROLE_DESTINATION },
	[CATEGORY_MALWARE_CONFIGURATION] = { STR_INIT("malware-configuration"),
		STR_INIT("Malware configuration"), 9, ROLE_DESTINATION },
	[CATEGORY_SCANNER] = { STR_INIT("scanner"), STR_INIT("Scanning"), 2, ROLE_SOURCE },
	[CATEGORY_SNIFFING] = { STR_INIT("sniffing"), STR_INIT("Sniffing"), 0, ROLE_SOURCE },
	[CATEGORY_SOCIAL_ENGINEERING] = { STR_INIT("social-engineering"),
		STR_INIT("Social engineering"), 10, ROLE_DESTINATION },
	[CATEGORY_IDS_ALERT] = { STR_INIT("ids-alert"),
		STR_INIT("Exploitation of a known vulnerability"), 4, ROLE_SOURCE },
	[CATEGORY_BRUTE_FORCE] = { STR_INIT("brute-force"), STR_INIT("Login attempts"), 3,
		ROLE_SOURCE },
	[CATEGORY_EXPLOIT] = { STR_INIT("exploit"), STR_INIT("New attack signature"), 4,
		ROLE_SOURCE },
	[CATEGORY_PRIVILEGED_ACCOUNT_COMPROMISE] = { STR_INIT("privileged-account-compromise"),
		STR_INIT("Privileged account compromise"), 5, ROLE_SOURCE },
	[CATEGORY_UNPRIVILEGED_ACCOUNT_COMPROMISE] = { STR_INIT("unprivileged-account-compromise"),
		STR_INIT("Unprivileged account compromise"), 5, ROLE_SOURCE },
	[CATEGORY_APPLICATION_COMPROMISE] = { STR_INIT("application-compromise"),
		STR_INIT("Application compromise"), 5, ROLE_SOURCE },
	[CATEGORY_SYSTEM_COMPROMISE] = { STR_INIT("system-compromise"),
		STR_INIT("System compromise"), 5, ROLE_SOURCE },
	[CATEGORY_BURGLARY] = { STR_INIT("burglary"), STR_INIT("Burglary"), 0, ROLE_SOURCE },
	[CATEGORY_DOS] = { STR_INIT("dos"), STR_INIT("Denial of service"), 7, ROLE_SOURCE },
	[CATEGORY_DDOS] = { STR_INIT("ddos"), STR_INIT("Distributed denial of service"), 7,
		ROLE_SOURCE },
	[CATEGORY_MISCONFIGURATION] = { STR_INIT("misconfiguration"), STR_INIT("Misconfiguration"),
		0, ROLE_SOURCE },
	[CATEGORY_SABOTAGE] = { STR_INIT("sabotage"), STR_INIT("Sabotage"), 0, ROLE_SOURCE },
	[CATEGORY_OUTAGE] = { STR_INIT("outage"), STR_INIT("Outage"), 0, ROLE_SOURCE },
	[CATEGORY_UNAUTHORISED_INFORMATION_ACCESS] = { STR_INIT("unauthorised-information-access"),
		STR_INIT("Unauthorised access to information"), 0, ROLE_SOURCE },
	[CATEGORY_UNAUTHORISED_INFORMATION_MODIFICATION] = { STR_INIT("unauthorised-information-"
								      "modification"),
		STR_INIT("Unauthorised modification of information"), 0, ROLE_SOURCE },
	[CATEGORY_DATA_LOSS] = { STR_INIT("data-loss"), STR_INIT("Data loss"), 0, ROLE_SOURCE },
	[CATEGORY_DATA_LEAK] = { STR_INIT("data-leak"),
		STR_INIT("Leak of confidential information"), 0, ROLE_SOURCE },
	[CATEGORY_UNAUTHORISED_USE_OF_RESOURCES] = { STR_INIT("unauthorised-use-of-resources"),
		STR_INIT("Unauthorised use of resources"), 0, ROLE_SOURCE },
	[CATEGORY_COPYRIGHT] = { STR_INIT("copyright"), STR_INIT("Copyright"), 0, ROLE_SOURCE },
	[CATEGORY_MASQUERADE] = { STR_INIT("masquerade"), STR_INIT("Masquerade"), 10,
		ROLE_DESTINATION },
	[CATEGORY_PHISHING] = { STR_INIT("phishing"), STR_INIT("Phishing"), 10, ROLE_DESTINATION },
	[CATEGORY_WEAK_CRYPTO] = { STR_INIT("weak-crypto"), STR_INIT("Weak cryptography"), 0,
		ROLE_SOURCE },
	[CATEGORY_DDOS_AMPLIFIER] = { STR_INIT("ddos-amplifier"), STR_INIT("DDoS amplifier"), 7,
		ROLE_SOURCE },
	[CATEGORY_POTENTIALLY_UNWANTED_ACCESSIBLE] = { STR_INIT("potentially-unwanted-accessible"),
		STR_INIT("Potentially unwanted accessible service"), 0, ROLE_DESTINATION },
	[CATEGORY_INFORMATION_DISCLOSURE] = { STR_INIT("information-disclosure"),
		STR_INIT("Information disclosure"), 0, ROLE_SOURCE },
	[CATEGORY_VULNERABLE_SYSTEM] = { STR_INIT("vulnerable-system"),
		STR_INIT("Vulnerable system"), 0, ROLE_SOURCE },
	[CATEGORY_OTHER] = { STR_INIT("other"), STR_INIT("Other"), 0, ROLE_SOURCE },
	[CATEGORY_UNDETERMINED] = { STR_INIT("undetermined"), STR_INIT("Undetermined"), 0,
		ROLE_SOURCE },
	[CATEGORY_TEST] = { STR_INIT("test"), STR_INIT("Test"), 0, ROLE_SOURCE },
	[CATEGORY_TOR] = { STR_INIT("tor"), STR_INIT("Tor"), 20, ROLE_POLICY },
	[CATEGORY_VPN] = { STR_INIT("vpn"), STR_INIT("VPN or proxy"), 21, ROLE_POLICY },
	[CATEGORY_END_USER_RANGE] = { STR_INIT("end-user-range"), STR_INIT("End-user range"), 22,
		ROLE_POLICY },
	[CATEGORY_HOSTING] = { STR_INIT("hosting"), STR_INIT("Hosting or data centre"), 23,
		ROLE_POLICY },
	[CATEGORY_HIJACKED_PREFIX] = { STR_INIT("hijacked-prefix"),
		STR_INIT("Hijacked or bogon prefix"), 11, ROLE_SOURCE },
};

static const struct str roles[] = {
	[ROLE_SOURCE] = STR_INIT("src"),
	[ROLE_DESTINATION] = STR_INIT("dst"),
	[ROLE_POLICY] = STR_INIT("policy"),
};
_Static_assert(ARRAY_LEN(roles) == ROLE_COUNT, "one word per role");

static const struct str tlps[] = {
	[TLP_CLEAR] = STR_INIT("clear"),
	[TLP_GREEN] = STR_INIT("green"),
	[TLP_AMBER] = STR_INIT("amber"),
	[TLP_AMBER_STRICT] = STR_INIT("amber+strict"),
	[TLP_RED] = STR_INIT("red"),
};
_Static_assert(ARRAY_LEN(tlps) == TLP_COUNT, "one word per TLP label");

const struct category_info *category_info(unsigned category)
{
	if (category >= CATEGORY_COUNT || categories[category].name.n == 0)
		return NULL;
	return &categories[category];
}

bool category_parse(struct str name, enum category *out)
{
	for (unsigned i = 0; i < CATEGORY_COUNT; i++) {
		if (categories[i].name.n != 0 && str_eq(categories[i].name, name)) {
			*out = (enum category)i;
			return true;
		}
	}
	return false;
}

/* The index of word in the table, or n. */
static size_t find_word(const struct str *table, size_t n, struct str word)
{
	size_t i = 0;

	while (i < n && !str_eq_nocase(table[i], word))
		i++;
	return i;
}

struct str role_name(enum role role)
{
	return (size_t)role < ROLE_COUNT ? roles[role] : STR("unknown");
}

bool role_parse(struct str name, enum role *out)
{
	size_t i = find_word(roles, ROLE_COUNT, name);

	*out = (enum role)i;
	return i < ROLE_COUNT;
}

struct str tlp_name(enum tlp tlp)
{
	return (size_t)tlp < TLP_COUNT ? tlps[tlp] : STR("unknown");
}

bool tlp_parse(struct str name, enum tlp *out)
{
	struct str prefix = STR("TLP:");
	struct str word = str_starts_nocase(name, prefix) ? str_from_index(name, prefix.n) : name;
	size_t i = find_word(tlps, TLP_COUNT, word);

	/* TLP 1.0 said white where 2.0 says clear */
	if (str_eq_nocase(word, STR("white")))
		i = TLP_CLEAR;
	*out = (enum tlp)i;
	return i < TLP_COUNT;
}
