/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests per second per client: token buckets (each fills at a steady rate up to a burst, each
 * request takes one) in a table of fixed size. A client is a token, an IPv4 address, or an IPv6 /64
 * (who has one address of it has them all). When a part of the table is full, the bucket that was
 * idle longest goes: it had refilled most. Keys are hashed with a random key, so nobody can choose
 * whom to push out.
 *
 * One thread.
 */
#pragma once

#include "net/ip.h"

struct limit;

/* per_second 0: no limit. */
struct limit *limit_new(uint32_t per_second, uint32_t burst);
void limit_free(struct limit **limit); /* for CLEANUP */

/*
 * Takes cost requests from the client's bucket: true when they were there. Else nothing is taken
 * and *wait_s says in how many whole seconds (at least 1) they would be. cost above the burst is
 * held to the burst.
 */
bool limit_take(
	struct limit *limit, struct str client, uint32_t cost, int64_t now_ns, uint32_t *wait_s);

/* What an address counts as: 4 or 8 bytes into out. */
struct str limit_client_of_ip(const struct ipaddr *ip, uint8_t out[16]);
