/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of prefixes that addresses are looked up in. Built once, then read by any thread. */
#pragma once

#include "net/ip.h"

struct access {
	struct prefix *prefixes; /* sorted, none within another */
	size_t n;
};

/* Copies the prefixes. */
void access_init(struct access *access, const struct prefix *prefixes, size_t n);
void access_done(struct access *access);
bool access_has(const struct access *access, const struct ipaddr *ip);
