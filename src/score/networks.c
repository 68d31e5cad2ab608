/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/networks.h"

void score_networks_build(struct score_networks *out, const struct prefix *prefixes,
	const struct score_network *values, size_t n)
{
	*out = (struct score_networks){ 0 };
	prefix_index_build(&out->index, prefixes, n);
	out->values = malloc((n + 1) * sizeof *out->values);
	must(out->values != NULL);
	if (n > 0)
		memcpy(out->values, values, n * sizeof *values);
}

void score_networks_done(struct score_networks *networks)
{
	prefix_index_done(&networks->index);
	free(networks->values);
	*networks = (struct score_networks){ 0 };
}

struct score_network score_networks_find(
	const struct score_networks *networks, const struct prefix *prefix)
{
	uint32_t number =
		networks == NULL ? PREFIX_INDEX_NONE : prefix_index_find(&networks->index, prefix);

	return number == PREFIX_INDEX_NONE ? (struct score_network){ 0 } : networks->values[number];
}
