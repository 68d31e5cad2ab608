/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of claims. Those that repeat each other come to stand side by side: each family points
 * to the leader that it follows, and all that end at the same one form a line.
 *
 * Whom a family follows depends on undecayed weights alone: with an order that changed with time, a
 * leader that fades could let two that repeat it count twice, and a score would rise by waiting.
 */
#include "evidence/claim.h"
#include "score/score_int.h"

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Ties decide nothing but which of two equal claims is shown; that must not depend on the store. */
static int order_within_source(const struct score_claim *a, const struct score_claim *b)
{
	int order = compare(a->category, b->category);

	if (order == 0)
		order = compare(b->is_listed, a->is_listed);
	if (order == 0)
		order = compare((uint64_t)(b->confidence + 1), (uint64_t)(a->confidence + 1));
	if (order == 0)
		order = (b->recent > a->recent) - (b->recent < a->recent);
	if (order == 0)
		order = (b->lasting > a->lasting) - (b->lasting < a->lasting);
	return order != 0 ? order : compare(b->is_stale, a->is_stale);
}

static int claim_order(const void *left, const void *right)
{
	const struct score_claim *a = left;
	const struct score_claim *b = right;

	if (a->role != b->role)
		return compare(a->role, b->role);
	if (a->note.line != b->note.line)
		return compare(a->note.line, b->note.line);
	if (a->note.family != b->note.family) {
		/* the line's own family before those that repeat it */
		int order = compare(a->note.family != a->note.line, b->note.family != b->note.line);

		return order != 0 ? order : compare(a->note.family, b->note.family);
	}
	return a->source != b->source ? compare(a->source, b->source) : order_within_source(a, b);
}

/* Nearly always fewer than ten claims, and in order already; many reporters must not cost n². */
static void claims_sort(struct score_claim *claims, size_t n)
{
	enum { INSERTION_MAX = 32 };

	if (n > INSERTION_MAX) {
		qsort(claims, n, sizeof *claims, claim_order);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		if (claim_order(&claims[i - 1], &claims[i]) <= 0)
			continue;

		struct score_claim claim = claims[i];
		size_t j = i;

		for (; j > 0 && claim_order(&claim, &claims[j - 1]) < 0; j--)
			claims[j] = claims[j - 1];
		claims[j] = claim;
	}
}

/* A source that is unsure of its own claim speaks with at least half its weight. */
static double claim_weight(const struct score_source *source, const struct score_claim *claim)
{
	double weight = (double)source->weight[claim->role];

	return claim->confidence == CONFIDENCE_UNKNOWN ? weight
						       : weight * (0.5 + claim->confidence / 200.0);
}

/* True when any of the sources repeats others. */
static bool claims_note(const struct score_source *sources, struct score_claim *claims, size_t n)
{
	bool any_repeats = false;

	for (size_t i = 0; i < n; i++) {
		const struct score_source *source = &sources[claims[i].source];

		claims[i].note.family = source->family;
		claims[i].note.line = source->family;
		claims[i].note.is_new = source->standing == STANDING_NEW && !source->is_proven;
		claims[i].note.is_spoofable = (source->traits & TRAIT_SPOOFABLE) != 0;
		claims[i].note.weight = claim_weight(source, &claims[i]);
		claims[i].note.odds = expm1(claims[i].note.weight);
		any_repeats |= source->leader_count > 0;
	}
	return any_repeats;
}

/* The first claim of a family among those of one role, sorted by family; n when it has none. */
static size_t family_find(const struct score_claim *claims, size_t n, uint32_t family)
{
	size_t low = 0;
	size_t high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (claims[middle].note.family < family)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && claims[low].note.family == family ? low : n;
}

static size_t family_end(const struct score_claim *claims, size_t n, size_t i)
{
	size_t end = i + 1;

	while (end < n && claims[end].note.family == claims[i].note.family)
		end++;
	return end;
}

/* The first claim of the leader that the family of [from, end) follows; n when none is here. */
static size_t leader_of(const struct score_source *sources, const struct score_claim *claims,
	size_t n, size_t from, size_t end)
{
	size_t best = n;

	for (size_t i = from; i < end; i++) {
		const struct score_source *source = &sources[claims[i].source];

		for (size_t j = 0; j < source->leader_count && j < SCORE_LEADERS_MAX; j++) {
			size_t at = family_find(claims, n, source->leaders[j]);

			if (at == n || at == from)
				continue;
			if (best == n || claims[at].note.heaviest > claims[best].note.heaviest ||
				(at < best &&
					claims[at].note.heaviest >= claims[best].note.heaviest))
				best = at;
		}
	}
	return best;
}

/* Where the chain of leaders ends; halves the paths it walks. */
static uint32_t line_end(struct score_claim *claims, uint32_t i)
{
	while (claims[i].note.line != i) {
		claims[i].note.line = claims[claims[i].note.line].note.line;
		i = claims[i].note.line;
	}
	return i;
}

/*
 * Fills the lines of one role's claims, sorted by family. Meanwhile line is the index of the claim
 * that is followed. Leaders that follow each other in a circle are one line: what would close the
 * circle follows nobody.
 */
static void lines_find(const struct score_model *model, const struct score_source *sources,
	struct score_claim *claims, size_t n)
{
	double share = model->roles[claims[0].role].spoofable_share;

	for (size_t i = 0; i < n;) {
		size_t first = i;
		size_t end = family_end(claims, n, i);

		claims[first].note.heaviest = 0;
		for (; i < end; i++) {
			double weight =
				claims[i].note.weight * (claims[i].note.is_spoofable ? share : 1.0);

			claims[i].note.line = (uint32_t)first;
			if (weight > claims[first].note.heaviest)
				claims[first].note.heaviest = weight;
		}
	}
	for (size_t i = 0, end; i < n; i = end) {
		end = family_end(claims, n, i);

		size_t leader = leader_of(sources, claims, n, i, end);

		if (leader < n && line_end(claims, (uint32_t)leader) != i)
			claims[i].note.line = line_end(claims, (uint32_t)leader);
	}
	/* first claims alone are ends, so their lines are overwritten last */
	for (size_t i = n; i-- > 0;)
		claims[i].note.line = line_end(claims, (uint32_t)i);
	for (size_t i = 0; i < n; i++)
		claims[i].note.line = claims[claims[i].note.line].note.family;
}

void score_order(const struct score_model *model, const struct score_source *sources,
	struct score_claim *claims, size_t n)
{
	bool any_repeats = claims_note(sources, claims, n);

	claims_sort(claims, n);
	if (!any_repeats)
		return;
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && claims[end].role == claims[i].role; end++)
			;
		lines_find(model, sources, claims + i, end - i);
	}
	claims_sort(claims, n);
}
