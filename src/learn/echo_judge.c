/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/echo_int.h"

#include "base/sort.h"

#include <math.h>

/* A pair seen from one side: does b echo a? */
struct view {
	uint32_t a;
	uint32_t b;
	double of_a; /* share of a's that b lists */
	double of_b; /* share of b's that a lists */
	double shared;
	bool is_one_way; /* a first, b hardly ever */
};

/* A list that one may be made of. */
struct candidate {
	uint32_t follower;
	uint32_t leader;
	double shared;
	bool is_sure;   /* by itself */
	bool is_behind; /* the follower is hardly ever first */
};

struct judgement {
	const struct echo *echo;
	struct candidate *candidates; /* by follower, then the most shared first */
	size_t n;
};

/* The most that any ECHO_STEADY_S of lags hold. */
static double within_window(const double lags[ECHO_BINS])
{
	enum { WIDTH = ECHO_STEADY_S / ECHO_BIN_S };
	double most = 0;

	for (size_t from = 0; from + WIDTH <= ECHO_BINS; from++) {
		double sum = 0;

		for (size_t i = from; i < from + WIDTH; i++)
			sum += lags[i];
		most = sum > most ? sum : most;
	}
	return most;
}

static bool is_steady(const struct echo_pair *pair)
{
	double lags[ECHO_BINS];

	for (size_t i = 0; i < ECHO_BINS; i++)
		lags[i] = (double)pair->lags[i];
	return within_window(lags) >= ECHO_STEADY_SHARE * pair->shared;
}

static double share_of(double part, uint64_t whole, uint32_t least)
{
	if (whole < least)
		return 0;
	return part < (double)whole ? part / (double)whole : 1.0;
}

/* Is the first of them hardly ever second? first and second: how often each was. */
static bool is_ahead(const struct echo_pair *pair, double first, double second, double of_first)
{
	double tied = pair->shared - first - second;

	return second <= ECHO_FIRST_SHARE * pair->shared &&
	       (tied < ECHO_TIED_SHARE * pair->shared || of_first >= ECHO_TIED_SHARE);
}

static void views_of(const struct echo *echo, const struct echo_pair *pair, struct view views[2])
{
	int32_t late_s = echo->end_s - ECHO_LATE_S;
	double of_a = share_of(
		pair->a_old, echo_listed(echo, pair->a, pair->from_s, late_s), echo->least);
	double of_b = share_of(
		pair->b_old, echo_listed(echo, pair->b, pair->from_s, late_s), echo->least);

	views[0] = (struct view){ .a = pair->a,
		.b = pair->b,
		.of_a = of_a,
		.of_b = of_b,
		.shared = pair->shared,
		.is_one_way = is_ahead(pair, pair->a_first, pair->b_first, of_a) };
	views[1] = (struct view){ .a = pair->b,
		.b = pair->a,
		.of_a = of_b,
		.of_b = of_a,
		.shared = pair->shared,
		.is_one_way = is_ahead(pair, pair->b_first, pair->a_first, of_b) };
}

static uint32_t twin_root(struct echo_source *sources, uint32_t source)
{
	while (sources[source].twin != source) {
		sources[source].twin = sources[sources[source].twin].twin;
		source = sources[source].twin;
	}
	return source;
}

static void twins_join(struct echo_source *sources, uint32_t a, uint32_t b)
{
	uint32_t left = twin_root(sources, a);
	uint32_t right = twin_root(sources, b);

	if (left < right)
		sources[right].twin = left;
	else
		sources[left].twin = right;
}

/* What speaks for b echoing a. */
static void consider(
	struct judgement *judgement, const struct view *view, bool is_behind, bool is_sure)
{
	const struct echo *echo = judgement->echo;
	uint8_t rank_a = echo->sources[echo->slots[view->a].source].rank;
	uint8_t rank_b = echo->sources[echo->slots[view->b].source].rank;
	struct candidate candidate = { .follower = view->b,
		.leader = view->a,
		.shared = view->shared,
		.is_sure = is_sure,
		.is_behind = is_behind };

	if (rank_a < rank_b && !is_sure)
		return;
	if (rank_a < rank_b) {
		candidate.follower = view->a;
		candidate.leader = view->b;
	}
	judgement->candidates[judgement->n++] = candidate;
}

/* One pair: twins, or one that may echo the other. */
static void judge_pair(struct judgement *judgement, const struct echo_pair *pair)
{
	const struct echo *echo = judgement->echo;
	struct view views[2];
	const struct view *view = &views[0];
	bool is_sure;

	if (pair->sampled < echo->least)
		return;
	views_of(echo, pair, views);
	is_sure = is_steady(pair);
	if (is_sure && view->of_a >= ECHO_SHARE && view->of_b >= ECHO_SHARE &&
		views[0].is_one_way == views[1].is_one_way) {
		twins_join(echo->sources, echo->slots[pair->a].source, echo->slots[pair->b].source);
		return;
	}
	for (int i = 0; i < 2; i++) {
		bool is_behind = views[i].is_one_way && !views[1 - i].is_one_way;

		consider(judgement, &views[i], is_behind,
			is_behind && is_sure &&
				(view->of_a >= ECHO_SHARE || view->of_b >= ECHO_SHARE));
	}
}

static int candidate_order(const void *left, const void *right)
{
	const struct candidate *a = left;
	const struct candidate *b = right;

	if (a->follower != b->follower)
		return a->follower < b->follower ? -1 : 1;
	if (a->is_sure != b->is_sure)
		return a->is_sure ? -1 : 1;
	if (a->is_behind != b->is_behind)
		return a->is_behind ? -1 : 1;
	if (a->shared < b->shared || a->shared > b->shared)
		return a->shared > b->shared ? -1 : 1;
	return a->leader < b->leader ? -1 : 1;
}

/* One follower and what it may be made of. */
struct follower {
	uint32_t slot;
	const struct candidate *candidates;
	unsigned n;
	double listed;
	double *by_mask;         /* its listings, by which of the candidates had them before */
	double first[ECHO_BINS]; /* by how long ago the first of them all listed the same */
	double last[ECHO_BINS];  /* and the last of them */
};

static void leader_add(const struct echo *echo, uint32_t follower, uint32_t leader)
{
	struct echo_source *source = &echo->sources[echo->slots[follower].source];

	if (source->leader_count < SCORE_LEADERS_MAX)
		source->leaders[source->leader_count++] = echo->slots[leader].source;
}

/* How long ago the first and the last of several listed something. */
struct lags {
	int64_t first_s;
	int64_t last_s;
};

/* Which of the candidates listed it no later than the follower, and when? */
static unsigned mask_of(const struct echo *echo, const struct follower *follower, size_t voices,
	const struct echo_voice *own, struct lags *lags)
{
	unsigned mask = 0;

	*lags = (struct lags){ .first_s = 0, .last_s = ECHO_LAG_S };
	for (size_t i = 0; i < voices; i++) {
		const struct echo_voice *voice = &echo->voices[i];
		int64_t since_s = (int64_t)own->began_s - voice->began_s;

		if (since_s < 0 || since_s > ECHO_LAG_S)
			continue;
		for (unsigned c = 0; c < follower->n; c++) {
			if (follower->candidates[c].leader != voice->slot)
				continue;
			mask |= 1u << c;
			lags->first_s = since_s > lags->first_s ? since_s : lags->first_s;
			lags->last_s = since_s < lags->last_s ? since_s : lags->last_s;
		}
	}
	return mask;
}

static double explained(const struct follower *follower, unsigned chosen)
{
	double sum = 0;

	for (unsigned mask = 1; mask < 1u << follower->n; mask++)
		sum += (mask & chosen) != 0 ? follower->by_mask[mask] : 0.0;
	return sum;
}

/* The candidates, best first, that together make up so much; none when they do not. */
static unsigned choose_among(const struct follower *follower, unsigned among, double share)
{
	unsigned chosen = 0;
	double so_far = 0;

	for (unsigned n = 0; n < SCORE_LEADERS_MAX; n++) {
		unsigned best = 0;
		double most = 0;

		for (unsigned c = 0; c < follower->n; c++) {
			double with = explained(follower, chosen | 1u << c);

			if ((among & ~chosen & 1u << c) != 0 && with > most) {
				most = with;
				best = c;
			}
		}
		if (most - so_far < ECHO_PART_LEAST * follower->listed)
			break;
		chosen |= 1u << best;
		so_far = most;
	}
	return so_far >= share * follower->listed ? chosen : 0;
}

static unsigned choose(const struct follower *follower)
{
	unsigned ahead = 0;
	unsigned chosen;

	for (unsigned c = 0; c < follower->n; c++)
		ahead |= follower->candidates[c].is_behind ? 1u << c : 0u;
	chosen = choose_among(follower, ahead, ECHO_SHARE);
	return chosen != 0 ? chosen : choose_among(follower, ~0u, ECHO_COLLECTED_SHARE);
}

/* What each follower listed: by who had it before, and by how long they had had it. */
static void fill_followers(const struct echo *echo, struct follower **by_slot)
{
	double weight;

	for (size_t i = 0; i < echo->n;) {
		size_t voices = echo_next(echo, &i, &weight);

		for (size_t v = 0; v < voices; v++) {
			struct follower *follower = by_slot[echo->voices[v].slot];
			unsigned mask;
			struct lags lags;

			if (follower == NULL)
				continue;
			mask = mask_of(echo, follower, voices, &echo->voices[v], &lags);
			follower->listed += weight;
			follower->by_mask[mask] += weight;
			if (mask != 0) {
				follower->first[lags.first_s / ECHO_BIN_S] += weight;
				follower->last[lags.last_s / ECHO_BIN_S] += weight;
			}
		}
	}
}

/* Lists that are collected are read at one time, so the first or last of them is a steady time ago.
 */
static bool is_collected(const struct follower *follower)
{
	double all = 0;

	for (size_t i = 0; i < ECHO_BINS; i++)
		all += follower->last[i];
	return fmax(within_window(follower->first), within_window(follower->last)) >=
	       ECHO_STEADY_SHARE * all;
}

static void leaders_add(const struct echo *echo, const struct follower *follower)
{
	unsigned chosen = is_collected(follower) ? choose(follower) : 0;

	for (unsigned c = 0; c < follower->n; c++) {
		if ((chosen & 1u << c) != 0)
			leader_add(echo, follower->slot, follower->candidates[c].leader);
	}
}

/* Followers that no single leader explains are compared with all their candidates together. */
static void judge_followers(const struct echo *echo, struct follower *followers, size_t n)
{
	struct follower **by_slot = calloc(echo->slot_count + 1, sizeof(struct follower *));

	must(by_slot != NULL);
	for (size_t i = 0; i < n; i++) {
		followers[i].by_mask =
			calloc((size_t)1 << followers[i].n, sizeof *followers[i].by_mask);
		must(followers[i].by_mask != NULL);
		by_slot[followers[i].slot] = &followers[i];
	}
	if (n > 0)
		fill_followers(echo, by_slot);
	for (size_t i = 0; i < n; i++) {
		leaders_add(echo, &followers[i]);
		free(followers[i].by_mask);
	}
	free(by_slot);
}

void echo_judge(const struct echo *echo)
{
	struct judgement judgement = { .echo = echo };
	struct follower *followers = calloc(echo->slot_count + 1, sizeof *followers);
	size_t n = 0;

	judgement.candidates = malloc((2 * echo->pair_count + 1) * sizeof *judgement.candidates);
	must(judgement.candidates != NULL && followers != NULL);
	for (uint32_t i = 0; i < echo->slot_count; i++)
		echo->sources[echo->slots[i].source].leader_count = 0;
	for (size_t i = 0; i < echo->pair_count; i++)
		judge_pair(&judgement, &echo->pairs[i]);
	sort_runs(judgement.candidates, judgement.n, sizeof *judgement.candidates, candidate_order);
	for (size_t i = 0, end; i < judgement.n; i = end) {
		const struct candidate *first = &judgement.candidates[i];

		for (end = i;
			end < judgement.n && judgement.candidates[end].follower == first->follower;
			end++) {
			if (judgement.candidates[end].is_sure)
				leader_add(echo, first->follower, judgement.candidates[end].leader);
		}
		if (!first->is_sure)
			followers[n] = (struct follower){ .slot = first->follower,
				.candidates = first,
				.n = (unsigned)(end - i < ECHO_CANDIDATES_MAX
							? end - i
							: (size_t)ECHO_CANDIDATES_MAX) };
		n += !first->is_sure;
	}
	judge_followers(echo, followers, n);
	for (size_t s = 0; s < echo->source_count; s++)
		echo->sources[s].twin = twin_root(echo->sources, (uint32_t)s);
	free(judgement.candidates);
	free(followers);
}
