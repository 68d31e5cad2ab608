/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stand-in for libpehra in unit tests: every look-up is a linear search of a table that the test
 * fills, so it is an oracle as well. Verdict ids are 1 + the index in verdicts.
 */
#pragma once

#include "net/ip.h"
#include "pehra.h"

enum { FAKE_ENTRIES_MAX = 4096, FAKE_VERDICTS_MAX = 256 };

struct fake_ip {
	struct prefix prefix;
	struct pehra_detail detail;
};

struct fake_name {
	const char *name;
	bool is_below;
	struct pehra_detail detail;
};

struct pehra {
	struct pehra_verdict verdicts[FAKE_VERDICTS_MAX];
	size_t verdict_count;
	struct fake_ip ips[FAKE_ENTRIES_MAX];
	size_t ip_count;
	struct fake_name names[FAKE_ENTRIES_MAX];
	size_t name_count;
	struct pehra_info info;
};

/* Each adds one; texts are borrowed. */
pehra_id fake_verdict(struct pehra *fake, struct pehra_verdict verdict);
void fake_ip(struct pehra *fake, const char *prefix, struct pehra_detail detail);
void fake_name(struct pehra *fake, const char *name, bool is_below, struct pehra_detail detail);
