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

static struct score_network network_at(const struct score_networks *networks, uint32_t number)
{
	return number == PREFIX_INDEX_NONE ? (struct score_network){ 0 } : networks->values[number];
}

struct score_network score_networks_find(
	const struct score_networks *networks, const struct prefix *prefix)
{
	if (networks == NULL)
		return (struct score_network){ 0 };
	return network_at(networks, prefix_index_find(&networks->index, prefix));
}

struct score_network score_networks_find_next(
	const struct score_networks *networks, const struct prefix *prefix, uint32_t *rank)
{
	if (networks == NULL)
		return (struct score_network){ 0 };
	return network_at(networks, prefix_index_find_next(&networks->index, prefix, rank));
}
