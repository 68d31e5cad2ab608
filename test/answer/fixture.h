/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small snapshot of every kind of entry, and a responder on it. Include after fake_pehra.h. */
#pragma once

#include "answer/respond.h"
#include "fake_pehra.h"
#include "prop.h"

#include "evidence/taxonomy.h"

#define FIXTURE_BASE "rep.pehra.test"
#define FIXTURE_URL  "https://pehra.example"

enum {
	FIXTURE_DAY = 2500,   /* 2026-11-05 */
	FIXTURE_LEFT_S = 100, /* to the end of entries that end on FIXTURE_DAY */
	FIXTURE_SERIAL = 77
};

#define FIXTURE_NOW_S         (PEHRA_DAY_ZERO_S + (int64_t)FIXTURE_DAY * 86400 - FIXTURE_LEFT_S)
#define FIXTURE_BIT(category) (UINT64_C(1) << (category))

struct fixture {
	struct pehra fake;
	struct respond_config config;
	struct answer_worker_stats stats;
	struct responder responder;
};

static inline struct pehra_detail fixture_detail(struct pehra *fake, uint64_t categories,
	uint8_t source, uint8_t destination, uint8_t policy, enum pehra_action action)
{
	return (struct pehra_detail){ .id = fake_verdict(fake,
					      (struct pehra_verdict){ .categories = categories,
						      .score = { source, destination, policy },
						      .action = (uint8_t)action }),
		.first_day = FIXTURE_DAY - 100,
		.last_day = FIXTURE_DAY - 10 };
}

static inline void fixture_entries(struct pehra *fake)
{
	struct pehra_detail brute = fixture_detail(fake,
		FIXTURE_BIT(CATEGORY_BRUTE_FORCE) | FIXTURE_BIT(CATEGORY_SCANNER), 87, 0, 0,
		PEHRA_BLOCK);
	struct pehra_detail both = fixture_detail(fake,
		FIXTURE_BIT(CATEGORY_BRUTE_FORCE) | FIXTURE_BIT(CATEGORY_C2_SERVER), 60, 80, 0,
		PEHRA_BLOCK);
	struct pehra_detail phish =
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_PHISHING), 0, 90, 0, PEHRA_BLOCK);

	brute.until_day = FIXTURE_DAY;
	phish.until_day = FIXTURE_DAY - 3;
	fake_ip(fake, "192.0.2.1", brute);
	fake_ip(fake, "198.51.100.0/24",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_C2_SERVER), 0, 95, 0, PEHRA_BLOCK));
	fake_ip(fake, "198.51.100.7",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_C2_SERVER), 50, 0, 0, PEHRA_ALLOW));
	fake_ip(fake, "203.0.113.0/25",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_TOR), 0, 0, 100, PEHRA_WATCH));
	fake_ip(fake, "203.0.113.200",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_SPAM), 30, 0, 0, PEHRA_NONE));
	fake_ip(fake, "203.0.113.201",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_DATA_LEAK), 40, 0, 0, PEHRA_WATCH));
	fake_ip(fake, "203.0.113.202", both);
	fake_ip(fake, "203.0.113.203",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_C2_SERVER), 55, 0, 0, PEHRA_CHALLENGE));
	fake_ip(fake, "203.0.113.204", fixture_detail(fake, 0, 0, 0, 0, PEHRA_BLOCK));
	fake_ip(fake, "127.0.0.0/8",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_HIJACKED_PREFIX), 50, 0, 0, PEHRA_BLOCK));
	fake_ip(fake, "2001:db8:1::/64",
		fixture_detail(fake, FIXTURE_BIT(CATEGORY_SPAM), 70, 0, 0, PEHRA_BLOCK));
	fake_name(fake, "bad.example.org", false, phish);
	fake_name(fake, "evil.example.net", true, both);
	fake_name(fake, "invalid", true, phish);
}

static inline void fixture_init(struct fixture *fixture)
{
	memset(fixture, 0, sizeof *fixture);
	fixture_entries(&fixture->fake);
	assert_int_equal(zones_init(&fixture->config.zones, STR(FIXTURE_BASE), STR(""), NULL), OK);
	fixture->config.public_url = STR(FIXTURE_URL);
	fixture->responder = (struct responder){ .config = &fixture->config,
		.stats = &fixture->stats,
		.snapshot = &fixture->fake,
		.serial = FIXTURE_SERIAL,
		.now_s = FIXTURE_NOW_S };
}

static inline void fixture_done(struct fixture *fixture)
{
	responder_done(&fixture->responder);
	access_done(&fixture->config.access);
}
