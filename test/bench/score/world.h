/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A made world with known truth: networks, hosts that attack for spells and come back, innocents,
 * shared and rented addresses, addresses that must never be blocked; and sources that watch it,
 * well and badly. Deterministic by its seed.
 *
 * What is known of the daily lists of one operator over 175 days of 2026 (441,186 addresses;
 * docs/decisions/0041) sets it, and test_world.c measures the made world the same
 * way: hazard of return by age, churn, neighbours in the /24, what the lists of others foretell.
 * Nothing of it is taken from our own model. What could not be measured is assumed, and says so.
 */
#pragma once

#include "bench/score/history.h"

#include "evidence/taxonomy.h"

enum { WORLD_RETENTION_DAYS = 15 }; /* of the label's list */

struct world_settings {
	uint64_t seed;
	uint32_t days;
	uint32_t warm_up_days; /* of hosts, before day 0 */
	double scale;          /* 1: as many addresses as the operator saw */

	/* measured */
	double fresh_per_day; /* addresses that were never on the label's list before */
	double stay_days;     /* mean time on it, retention included */
	double hazard;        /* return per day: hazard * age^-power, age since it left the list */
	double hazard_power;
	double address_space;   /* unicast IPv4 addresses */
	double clustered_share; /* of fresh ones, that follow what was active in their /24 */
	uint32_t near_days;     /* how long an address draws others into its /24 */
	double bulk_list;       /* length of the large list that foretells little */
	double c2_list;         /* length of the list of command servers */

	/* assumed */
	double label_visible;     /* share of attacking hosts that the label's sensors ever meet */
	double alike_share;       /* of those that follow in a /24: attack and come back as their
				     neighbour does */
	double one_day_share;     /* of spells: one day of activity */
	double spell_sigma;       /* of the lognormal length of the other spells */
	double frailty_variance;  /* hosts differ in how readily they come back */
	double frailty_mean;      /* set so that the hazard over all hosts is the measured one */
	double lead_share;        /* of spells: others can see it before the label does */
	double lead_days;         /* mean of those */
	double list_coverage;     /* times the share of attackers that lists of others see */
	double innocents_per_day; /* how many the label lists in error, as a share of fresh ones */
	double shared_known;      /* share of networks with shared addresses that guards know of */
	double cloud_known;
};

/* What an address is. */
enum world_kind {
	WORLD_INNOCENT,  /* never attacks */
	WORLD_ACCESS,    /* somebody's line: infected for a while */
	WORLD_SERVER,    /* a rented or broken server: long spells */
	WORLD_CLOUD,     /* rented by the hour: short spells, then somebody else's */
	WORLD_SHARED,    /* many people behind it (CGNAT): some of them are always infected */
	WORLD_TOR,       /* an exit */
	WORLD_SCANNER,   /* scans for research, all the time */
	WORLD_C2,        /* victims connect to it; it attacks nobody */
	WORLD_PROTECTED, /* a public resolver and the like: guards of policy never hold it */
	WORLD_KINDS
};

/* What it does when it attacks; sources differ in what they can see. */
enum world_attack { ATTACK_LOGIN, ATTACK_WEB, ATTACK_SCAN, ATTACK_MAIL, ATTACKS };

struct world_spell {
	uint32_t next; /* of the same host, 0: none; numbers start at 1 */
	int32_t begin; /* first day of activity; may be before day 0 */
	int32_t met;   /* first day on which the label meets it, if it ever does */
	int32_t last;  /* last day of activity */
};

struct world_host {
	uint32_t address;
	uint32_t route;
	uint32_t first_spell; /* 0: none */
	uint8_t kind;
	uint8_t attack;
	uint8_t eagerness; /* chance of activity on a day within a spell, in 1/255 */
	bool is_met;       /* the label's sensors meet it */
	float frailty;     /* how readily it comes back; the mean is 1 */
};

struct world_route {
	struct prefix prefix;
	uint32_t asn;
	uint8_t kind;  /* enum world_kind of its hosts: ACCESS, SERVER, CLOUD, SHARED */
	bool is_known; /* guards know that its addresses are shared or rented */
	double badness;
};

struct world {
	struct world_settings settings;
	struct history history; /* indicator i is hosts[i] */
	struct world_host *hosts;
	size_t host_count;
	struct world_spell *spells; /* [0] is none */
	size_t spell_count;
	struct world_route *routes; /* by prefix */
	size_t route_count;
	/* of each source, the one it copies; HISTORY_SOURCES_MAX: none */
	uint16_t copies[HISTORY_SOURCES_MAX];
	struct arena arena;
};

/* The measured world at so many of its addresses, over so many days. */
void world_settings_default(struct world_settings *out, double scale, uint32_t days);
struct world *world_make(const struct world_settings *settings);
void world_free(struct world **world); /* for CLEANUP */

/* Does the host attack on this day? */
bool world_is_active(const struct world *world, uint32_t host, int32_t day);
/* The spell that holds the day (activity, not listing), or NULL. */
const struct world_spell *world_spell_at(const struct world *world, uint32_t host, int32_t day);
