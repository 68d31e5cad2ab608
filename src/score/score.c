/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/score.h"

#include "pehra.h"
#include "score/score_int.h"

#include <math.h>

struct part_list {
	struct score_part *parts; /* NULL: nobody asks */
	size_t max;
	size_t n;
	double log_odds; /* so far, within the role */
	int points;      /* so far, within the role; only when somebody asks */
};

/* Points are differences of the rounded running score, so they add up to it exactly. */
static inline void part_add(struct part_list *list, const struct score_part *part)
{
	list->log_odds += part->log_odds;
	if (list->n < list->max) {
		int before = list->points;

		list->points = score_value(list->log_odds);
		list->parts[list->n] = *part;
		list->parts[list->n].points = list->points - before;
	}
	list->n++;
}

/* A part that may have no effect; then there is nothing to explain. */
static void part_add_any(struct part_list *list, enum score_part_kind kind, int role,
	uint32_t count, double log_odds)
{
	if (log_odds < 0 || log_odds > 0)
		part_add(list, &(struct score_part){ .kind = kind,
				       .role = (uint8_t)role,
				       .count = count,
				       .log_odds = log_odds });
}

/* What the pass over one role's claims finds besides their log-odds. */
struct heard {
	uint64_t categories;
	uint32_t episodes;
	uint32_t voices; /* lines that have not faded */
	bool is_spoofable;
	bool is_vouched; /* not only new sources say so */
};

/* A line: families side by side, the first its own, the others repeat it. */
struct line {
	size_t end;
	double most;    /* so far */
	double vouched; /* the same of sources that are not new */
	double forgery; /* to be taken off what the parts say */
};

static void family_part(struct part_list *list, const struct score_run *run, size_t first,
	const struct score_voice *voice, const struct line *line)
{
	const struct score_claim *best = &run->claims[voice->best];
	bool is_first = best->note.family == best->note.line;
	double beyond = voice->counted > line->most ? voice->counted - line->most : 0.0;

	part_add(list,
		&(struct score_part){ .kind = is_first ? SCORE_PART_FAMILY : SCORE_PART_REPEATED,
			.role = best->role,
			.category = best->category,
			.source = best->source,
			.family = best->note.family,
			.count = (uint32_t)(voice->end - first),
			.decay = voice->decay,
			.log_odds = run->model->scale * (is_first ? voice->full : beyond) });
}

static struct line line_hear(
	struct part_list *list, const struct score_run *run, size_t i, struct heard *heard)
{
	uint32_t number = run->claims[i].note.line;
	struct line line = { 0 };
	uint64_t categories = 0;

	while (i < run->n && run->claims[i].note.line == number) {
		struct score_voice voice = score_voice_of(run, i, 0);
		const struct score_claim *best = &run->claims[voice.best];

		family_part(list, run, i, &voice, &line);
		/* what repeats shows no more than what it adds, so nothing is left to take off */
		if (best->note.family == number)
			line.forgery = voice.full - voice.counted;
		heard->is_spoofable |= best->note.is_spoofable && voice.counted > 0;
		line.most = voice.counted > line.most ? voice.counted : line.most;
		line.vouched = voice.vouched > line.vouched ? voice.vouched : line.vouched;
		categories |= voice.categories;
		i = voice.end;
	}
	heard->categories |= categories;
	heard->voices += categories != 0;
	line.end = i;
	return line;
}

static void claims_hear(
	struct part_list *list, const struct score_run *run, int role, struct heard *heard)
{
	double scale = run->model->scale;
	double unproven = 0;
	double forgery = 0;
	uint32_t unproven_count = 0;

	for (size_t i = 0; i < run->n;) {
		struct line line = line_hear(list, run, i, heard);

		for (; i < line.end; i++) {
			heard->is_vouched |= !run->claims[i].note.is_new;
			if (run->claims[i].episodes > heard->episodes)
				heard->episodes = run->claims[i].episodes;
		}
		unproven += line.most - line.vouched;
		unproven_count += line.most > line.vouched;
		forgery += line.forgery;
	}
	part_add_any(list, SCORE_PART_SPOOFABLE, role, 0, -scale * forgery);
	if (unproven > run->model->unproven_max)
		part_add_any(list, SCORE_PART_UNPROVEN, role, unproven_count,
			-scale * (unproven - run->model->unproven_max));
}

/* Near, network and episodes; returns what they add, unscaled. */
static double surroundings_add(struct part_list *list, const struct score_role_model *model,
	const struct score_surroundings *around, int role, uint32_t episodes, bool is_shared)
{
	double share = is_shared ? model->shared_near : 1.0;
	double network = share * model->network * (double)around->network.log_odds[role];
	double came_back = episodes == 0 ? 0.0 : model->episode * log1p(episodes);
	double sum = 0;

	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		uint32_t others = around->near[role][level];
		double near = others == 0
				      ? 0.0
				      : share * (model->near_any[level] +
							model->near_each[level] * log1p(others));

		sum += near;
		if (near > 0)
			part_add(list, &(struct score_part){ .kind = SCORE_PART_NEAR,
					       .role = (uint8_t)role,
					       .level = (uint8_t)level,
					       .count = others,
					       .log_odds = model->scale * near });
	}
	sum += network + came_back;
	part_add_any(
		list, SCORE_PART_NETWORK, role, around->network.listed, model->scale * network);
	part_add_any(list, SCORE_PART_EPISODES, role, episodes, model->scale * came_back);
	if (sum <= model->surroundings_max)
		return sum;
	part_add_any(list, SCORE_PART_SURROUNDINGS_CAP, role, 0,
		model->scale * (model->surroundings_max - sum));
	return model->surroundings_max;
}

/* What the claims of the role policy and the guards say of the address itself. */
static unsigned address_doubts(const struct score_input *input)
{
	const uint64_t shared = UINT64_C(1) << CATEGORY_TOR | UINT64_C(1) << CATEGORY_VPN |
				UINT64_C(1) << CATEGORY_END_USER_RANGE;
	const uint64_t cloud = UINT64_C(1) << CATEGORY_HOSTING;
	uint64_t said = 0;

	/* in order: those of the role policy are the last */
	for (size_t i = input->n; i > 0 && input->claims[i - 1].role == ROLE_POLICY; i--) {
		/* stale counts: silence alone must not let a score rise */
		if (input->claims[i - 1].is_listed || input->claims[i - 1].is_stale)
			said |= UINT64_C(1) << input->claims[i - 1].category;
	}
	return ((said & shared) != 0 || input->around.is_shared ? (unsigned)DOUBT_SHARED : 0u) |
	       ((said & cloud) != 0 || input->around.is_cloud ? (unsigned)DOUBT_CLOUD : 0u) |
	       (input->around.is_noted ? (unsigned)DOUBT_NOTED : 0u);
}

/* One role: fills its parts, its log-odds, and the run's constant. */
static void role_score(struct part_list *list, struct score_run *run, int role,
	const struct score_surroundings *around, unsigned doubts, struct heard *heard)
{
	const struct score_role_model *model = run->model;
	bool is_shared = (doubts & DOUBT_SHARED) != 0;
	double shared = run->n > 0 && is_shared ? model->shared_doubt : 0.0;
	double cloud = run->n > 0 && (doubts & DOUBT_CLOUD) != 0 ? model->cloud_doubt : 0.0;

	*heard = (struct heard){ 0 };
	list->log_odds = 0;
	list->points = 0;
	part_add(list, &(struct score_part){ .kind = SCORE_PART_PRIOR,
			       .role = (uint8_t)role,
			       .decay = 1,
			       .log_odds = model->scale * model->prior + model->shift });
	claims_hear(list, run, role, heard);

	double surroundings =
		surroundings_add(list, model, around, role, heard->episodes, is_shared);

	part_add_any(list, SCORE_PART_SHARED, role, 0, -model->scale * shared);
	part_add_any(list, SCORE_PART_CLOUD, role, 0, -model->scale * cloud);
	run->constant =
		model->scale * (model->prior + surroundings - shared - cloud) + model->shift;
}

static bool is_quiet_around(const struct score_surroundings *around, int role)
{
	uint32_t near = 0;

	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++)
		near |= around->near[role][level];
	return near == 0 && !(around->network.log_odds[role] < 0.0F) &&
	       !(around->network.log_odds[role] > 0.0F);
}

/* What a role without claims has; nobody asks for its parts. */
static double unclaimed_log_odds(const struct score_role_model *model, int role,
	const struct score_surroundings *around, unsigned doubts)
{
	struct score_run run = { .model = model };
	struct part_list list = { 0 };
	struct heard heard;

	/* most roles of most indicators */
	if (is_quiet_around(around, role))
		return model->scale * model->prior + model->shift;
	role_score(&list, &run, role, around, doubts, &heard);
	return list.log_odds;
}

/* What is doubtful of the claims as such. */
static unsigned claim_doubts(const struct score_input *input, const struct heard heard[ROLE_COUNT])
{
	unsigned doubts = 0;
	uint32_t voices = 0;
	bool is_vouched = false;
	bool any_stale = false;
	bool any_listed = false;

	if (input->n == 0)
		return 0;
	for (int role = 0; role < ROLE_COUNT; role++) {
		voices = heard[role].voices > voices ? heard[role].voices : voices;
		is_vouched |= heard[role].is_vouched;
		doubts |= heard[role].is_spoofable ? (unsigned)DOUBT_SPOOFABLE : 0u;
	}
	for (size_t i = 0; i < input->n; i++) {
		any_stale |= input->claims[i].is_stale;
		any_listed |= input->claims[i].is_listed;
	}
	return doubts | (any_stale ? (unsigned)DOUBT_STALE : 0u) |
	       (is_vouched ? 0u : (unsigned)DOUBT_UNPROVEN) |
	       (voices == 1 ? (unsigned)DOUBT_ALONE : 0u) |
	       (any_listed || any_stale ? 0u : (unsigned)DOUBT_FADED);
}

/* The next role's claims, which follow those before them. */
static struct score_run run_of(
	const struct score_model *model, const struct score_input *input, int role, size_t from)
{
	size_t end = from;

	while (end < input->n && input->claims[end].role == role)
		end++;
	return (struct score_run){
		.model = &model->roles[role], .claims = input->claims + from, .n = end - from
	};
}

void score_of(const struct score_model *model, const struct score_source *sources,
	const struct policy *policy, struct score_input *input, struct score *out,
	struct score_part *parts, size_t parts_max, size_t *part_count)
{
	struct part_list list = { .parts = parts, .max = parts == NULL ? 0 : parts_max };
	struct score_run runs[ROLE_COUNT];
	struct heard heard[ROLE_COUNT] = { 0 };
	size_t from = 0;

	*out = (struct score){ 0 };
	score_order(model, sources, input->claims, input->n);

	unsigned doubts = address_doubts(input);

	for (int role = 0; role < ROLE_COUNT; role++) {
		runs[role] = run_of(model, input, role, from);
		from += runs[role].n;
		if (runs[role].n == 0 && (input->n > 0 || role != ROLE_SOURCE)) {
			out->log_odds[role] =
				unclaimed_log_odds(runs[role].model, role, &input->around, doubts);
			continue;
		}
		role_score(&list, &runs[role], role, &input->around, doubts, &heard[role]);
		out->log_odds[role] = list.log_odds;
		out->has_claims[role] = runs[role].n > 0;
		out->value[role] = runs[role].n > 0 ? score_value(list.log_odds) : 0;
		out->categories[role] = heard[role].categories;
	}
	out->doubts = (uint8_t)(doubts | claim_doubts(input, heard));
	out->action = policy_action(policy, out->value, out->categories, input->prefix);
	if (out->action != PEHRA_NONE)
		out->until_s = score_forecast(policy, runs, input->now_s);
	if (part_count != NULL)
		*part_count = list.n;
}
