/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/access.h"

void access_init(struct access *access, const struct prefix *prefixes, size_t n)
{
	*access = (struct access){ 0 };
	if (n == 0)
		return;
	access->prefixes = calloc(n, sizeof *prefixes);
	must(access->prefixes != NULL);
	memcpy(access->prefixes, prefixes, n * sizeof *prefixes);
	access->n = prefixes_aggregate(access->prefixes, n);
}

void access_done(struct access *access)
{
	free(access->prefixes);
	*access = (struct access){ 0 };
}

bool access_has(const struct access *access, const struct ipaddr *ip)
{
	size_t from = 0;
	size_t to = access->n;

	/* the last prefix that begins at or before ip is the only one that can hold it */
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (ip_cmp(&access->prefixes[middle].address, ip) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from > 0 && prefix_contains_ip(&access->prefixes[from - 1], ip);
}
