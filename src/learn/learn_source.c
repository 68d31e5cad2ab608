/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "base/sort.h"
#include "learn/echo.h"
#include "learn/learn_int.h"

#include <math.h>

/*
 * Experience of earlier fits halves in so many days, and never stands for more than so many claims:
 * where a source is judged by more claims today, today decides, so one bad day shows at once.
 */
static const double EXPERIENCE_HALF_LIFE_D = 14.0;
static const double EXPERIENCE_CLAIMS_MAX = 500.0;

/* Who has been seen to be little better than chance (weight, log-odds) confirms nobody. */
static const double CONFIRMS_LEAST = 0.5;

static uint8_t rank_of(const struct score_source *source)
{
	return source->standing == STANDING_SENSOR    ? RANK_SENSOR
	       : source->standing == STANDING_VOUCHED ? RANK_VOUCHED
	       : source->is_proven                    ? RANK_PROVEN
						      : RANK_NEW;
}

static int name_order(const void *left, const void *right)
{
	const struct score_source *const *a = left;
	const struct score_source *const *b = right;

	return str_cmp((*a)->name, (*b)->name);
}

static void order_names(struct learn *learn)
{
	const struct score_source **sorted =
		calloc(learn->source_count + 1, sizeof(struct score_source *));

	learn->by_name = calloc(learn->source_count + 1, sizeof *learn->by_name);
	must(sorted != NULL && learn->by_name != NULL);
	for (size_t s = 0; s < learn->source_count; s++) {
		if (learn->sources[s].name.n > 0)
			sorted[learn->named++] = &learn->sources[s];
	}
	sort_runs(sorted, learn->named, sizeof(struct score_source *), name_order);
	for (size_t i = 0; i < learn->named; i++)
		learn->by_name[i] = (uint32_t)(sorted[i] - learn->sources);
	free(sorted);
}

uint32_t learn_source_named(const struct learn *learn, struct str name)
{
	size_t low = 0;
	size_t high = learn->named;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(learn->sources[learn->by_name[middle]].name, name);

		if (order == 0)
			return learn->by_name[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return TABLE_NONE;
}

/* The experience that is left of the base model's, and never too much of it. */
static void carry_over(
	const struct learn *learn, struct learn_source *out, const struct model_source *known)
{
	double days =
		(double)(learn->at_s - learn->base->score.made_s) / DAY_S + SCORE_HORIZON_DAYS;
	double left = exp2(-(days > 0 ? days : 0) / EXPERIENCE_HALF_LIFE_D);

	for (int role = 0; role < ROLE_COUNT; role++) {
		double sum = known->role[role].confirmed + known->role[role].refuted +
			     known->role[role].unconfirmed;
		double share =
			sum * left > EXPERIENCE_CLAIMS_MAX ? EXPERIENCE_CLAIMS_MAX / sum : left;

		out->role[role].carried =
			(struct tally){ .confirmed = share * known->role[role].confirmed,
				.refuted = share * known->role[role].refuted,
				.unconfirmed = share * known->role[role].unconfirmed };
	}
}

/* What the base model knows of families and leaders, until enough is seen to judge anew. */
static void recall_leaders(
	const struct learn *learn, struct learn_source *out, const struct model_source *known)
{
	for (size_t i = 0; i < known->leader_count; i++) {
		uint32_t leader = learn_source_named(learn, known->leaders[i]);

		if (leader != TABLE_NONE)
			out->leaders[out->leader_count++] = leader;
	}
}

/* Does the source report news of what it still lists? A few had left and came back. */
static void find_habits(struct learn *learn)
{
	enum { ONE_IN = 10 };
	uint64_t(*counts)[2] = calloc(learn->source_count + 1, sizeof *counts);

	must(counts != NULL);
	for (size_t i = 0; i < learn->table.claim_count; i++) {
		const struct table_claim *claim = &learn->table.claims[i];

		learn->source[claim->source].is_here = true;
		learn->source[claim->source].was_read |= (claim->flags & CLAIM_KNOWN) != 0;
		if ((claim->flags & CLAIM_NEWS) != 0)
			learn->source[claim->source].is_watcher[claim->role] = true;
		if ((claim->flags & CLAIM_LISTED) == 0)
			continue;
		counts[claim->source][0]++;
		counts[claim->source][1] += (claim->flags & CLAIM_NEWS) != 0;
	}
	for (size_t s = 0; s < learn->source_count; s++)
		learn->source[s].tells_again = counts[s][1] * ONE_IN > counts[s][0];
	free(counts);
}

/* Sources of one family, as a forest whose roots come first by name. */
struct families {
	const struct learn *learn;
	uint32_t *parent;
	uint32_t *rank; /* by name */
};

static uint32_t family_root(const struct families *families, uint32_t s)
{
	while (families->parent[s] != s) {
		families->parent[s] = families->parent[families->parent[s]];
		s = families->parent[s];
	}
	return s;
}

static void families_join(const struct families *families, uint32_t a, uint32_t b)
{
	uint32_t left = family_root(families, a);
	uint32_t right = family_root(families, b);

	if (families->rank[left] < families->rank[right])
		families->parent[right] = left;
	else
		families->parent[left] = right;
}

struct declared {
	uint32_t family;
	uint32_t source;
};

static int declared_order(const void *left, const void *right)
{
	const struct declared *a = left;
	const struct declared *b = right;

	return (a->family > b->family) - (a->family < b->family);
}

/* Those that were given as one family. */
static void join_declared(const struct families *families)
{
	const struct learn *learn = families->learn;
	struct declared *sorted = calloc(learn->named + 1, sizeof *sorted);

	must(sorted != NULL);
	for (size_t i = 0; i < learn->named; i++)
		sorted[i] = (struct declared){ learn->sources[learn->by_name[i]].family,
			learn->by_name[i] };
	sort_runs(sorted, learn->named, sizeof *sorted, declared_order);
	for (size_t i = 1; i < learn->named; i++) {
		if (sorted[i].family == sorted[i - 1].family)
			families_join(families, sorted[i].source, sorted[i - 1].source);
	}
	free(sorted);
}

static void families_begin(struct families *families, const struct learn *learn)
{
	*families = (struct families){ .learn = learn,
		.parent = calloc(learn->source_count + 1, sizeof *families->parent),
		.rank = calloc(learn->source_count + 1, sizeof *families->rank) };
	must(families->parent != NULL && families->rank != NULL);
	for (size_t s = 0; s < learn->source_count; s++)
		families->parent[s] = (uint32_t)s;
	for (size_t i = 0; i < learn->named; i++)
		families->rank[learn->by_name[i]] = (uint32_t)i;
	join_declared(families);
}

static void families_end(struct learn *learn, struct families *families)
{
	for (size_t s = 0; s < learn->source_count; s++)
		learn->source[s].family = family_root(families, (uint32_t)s);
	free(families->parent);
	free(families->rank);
}

void learn_meet_sources(struct learn *learn)
{
	struct families families;

	learn->source = calloc(learn->source_count + 1, sizeof *learn->source);
	must(learn->source != NULL);
	order_names(learn);
	find_habits(learn);
	for (size_t s = 0; s < learn->source_count; s++) {
		const struct score_source *given = &learn->sources[s];
		const struct model_source *known = model_source_find(learn->base, given->name);
		struct learn_source *out = &learn->source[s];

		out->rank = rank_of(given);
		for (int role = 0; role < ROLE_COUNT; role++) {
			out->is_trusted[role] =
				out->rank == RANK_SENSOR ||
				(out->rank != RANK_NEW && out->was_read &&
					(double)given->weight[role] >= CONFIRMS_LEAST);
			out->is_watcher[role] &= out->is_trusted[role];
		}
		if (known == NULL)
			continue;
		out->is_here |= given->name.n > 0;
		carry_over(learn, out, known);
		recall_leaders(learn, out, known);
	}
	families_begin(&families, learn);
	families_end(learn, &families);
}

/* When each source first listed each thing, roles and categories aside. */
static struct echo_listing *listings_of(const struct learn *learn, size_t *count, int32_t *end_s)
{
	const struct table *table = &learn->table;
	struct echo_listing *out = calloc(table->claim_count + 1, sizeof *out);
	size_t *last = calloc(learn->source_count + 1, sizeof *last); /* of each source, plus 1 */
	size_t n = 0;

	must(out != NULL && last != NULL);
	*end_s = 0;
	for (size_t i = 0; i < table->item_count; i++) {
		size_t first = n;

		for (uint32_t c = table->items[i].first; c < table->items[i + 1].first; c++) {
			const struct table_claim *claim = &table->claims[c];
			size_t at = last[claim->source];

			if (claim->began_s > *end_s)
				*end_s = claim->began_s;
			if (at <= first) {
				out[n++] = (struct echo_listing){ (uint32_t)i, claim->source,
					claim->began_s };
				last[claim->source] = n;
			} else if (claim->began_s < out[at - 1].began_s) {
				out[at - 1].began_s = claim->began_s;
			}
		}
	}
	free(last);
	*count = n;
	return out;
}

static bool has_leader(const struct learn_source *source, uint32_t family)
{
	for (size_t i = 0; i < source->leader_count; i++) {
		if (source->leaders[i] == family)
			return true;
	}
	return false;
}

/* Leaders were sources; now they are families, each once, and never one's own. */
static void settle_leaders(struct learn *learn)
{
	for (size_t s = 0; s < learn->source_count; s++) {
		struct learn_source *source = &learn->source[s];
		struct learn_source settled = { .leader_count = 0 };

		for (size_t i = 0; i < source->leader_count; i++) {
			uint32_t family = learn->source[source->leaders[i]].family;

			if (family != source->family && !has_leader(&settled, family))
				settled.leaders[settled.leader_count++] = family;
		}
		source->leader_count = settled.leader_count;
		memcpy(source->leaders, settled.leaders, sizeof source->leaders);
	}
}

void learn_find_echoes(struct learn *learn)
{
	struct echo_source *echoes = calloc(learn->source_count + 1, sizeof *echoes);
	struct echo_listing *listings;
	struct families families;
	int32_t end_s;
	size_t n;

	must(echoes != NULL);
	for (size_t s = 0; s < learn->source_count; s++)
		echoes[s] = (struct echo_source){ .family = learn->source[s].family,
			.rank = learn->source[s].rank };
	listings = listings_of(learn, &n, &end_s);
	echo_find(listings, n, end_s, LEARN_ECHO_LEAST, echoes, learn->source_count);
	free(listings);
	families_begin(&families, learn);
	for (size_t s = 0; s < learn->source_count; s++) {
		struct learn_source *source = &learn->source[s];
		const struct model_source *known =
			model_source_find(learn->base, learn->sources[s].name);
		uint32_t before = known == NULL || echoes[s].was_judged
					  ? TABLE_NONE
					  : learn_source_named(learn, known->family);

		families_join(&families, (uint32_t)s, echoes[s].twin);
		if (before != TABLE_NONE)
			families_join(&families, (uint32_t)s, before);
		source->was_compared = echoes[s].was_judged;
		if (!echoes[s].was_judged)
			continue;
		source->leader_count = echoes[s].leader_count;
		memcpy(source->leaders, echoes[s].leaders, sizeof source->leaders);
	}
	families_end(learn, &families);
	settle_leaders(learn);
	free(echoes);
}

/* Families that repeat the same one are not independent of each other either. */
bool learn_is_independent(const struct learn *learn, uint32_t a, uint32_t b)
{
	const struct learn_source *left = &learn->source[a];
	const struct learn_source *right = &learn->source[b];

	if (left->family == right->family || has_leader(left, right->family) ||
		has_leader(right, left->family))
		return false;
	for (size_t i = 0; i < left->leader_count; i++) {
		if (has_leader(right, left->leaders[i]))
			return false;
	}
	return true;
}
