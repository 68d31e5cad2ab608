/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/made.h"

#include "base/clock.h"
#include "evidence/claim.h"

#include <math.h>

const int64_t made_now_s = 1795448940;

static double share_of(struct prop *prop)
{
	return (double)prop_below(prop, 1001) / 1000;
}

static void made_model(struct prop *prop, struct score_model *model)
{
	score_model_default(model);
	if (prop_below(prop, 3) == 0)
		return;
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		struct score_role_model *role = &model->roles[i];

		role->prior = -5 + 3 * share_of(prop);
		role->decay = (struct score_decay){ share_of(prop), 0.1 + 5 * share_of(prop),
			5 + 60 * share_of(prop) };
		for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
			role->near_any[level] = share_of(prop);
			role->near_each[level] = share_of(prop);
		}
		role->network = share_of(prop);
		role->episode = share_of(prop);
		role->surroundings_max = 2 * share_of(prop);
		role->shared_near = share_of(prop);
		role->shared_doubt = share_of(prop);
		role->cloud_doubt = share_of(prop);
		role->spoofable_share = share_of(prop);
		role->unproven_max = 4 * share_of(prop);
		role->scale = 0.5 + share_of(prop);
		role->shift = share_of(prop) - 0.5;
	}
	score_model_prepare(model);
}

static void made_policy(struct prop *prop, struct policy *policy)
{
	policy_default(policy);
	if (prop_below(prop, 2) == 0)
		return;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		for (unsigned category = 0; category < CATEGORY_COUNT; category++) {
			uint8_t watch = (uint8_t)prop_below(prop, SCORE_MAX + 2);
			uint8_t challenge = (uint8_t)(watch + prop_below(prop, 20));
			uint8_t block = (uint8_t)(challenge + prop_below(prop, 20));

			policy->at[role][category] = (struct policy_threshold){ watch,
				challenge < POLICY_NEVER ? challenge : POLICY_NEVER,
				block < POLICY_NEVER ? block : POLICY_NEVER };
		}
	}
	policy_prepare(policy);
}

static void made_source(struct prop *prop, struct score_source *source)
{
	*source = (struct score_source){ .family = (uint32_t)prop_below(prop, MADE_FAMILIES),
		.standing = (uint8_t)prop_below(prop, STANDING_COUNT),
		.is_proven = prop_below(prop, 3) == 0,
		.traits = prop_below(prop, 4) == 0 ? TRAIT_SPOOFABLE : 0 };
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		source->weight[role] = (float)prop_below(prop, 700) / 100.0F;
	if (prop_below(prop, 3) == 0) {
		source->leader_count = (uint8_t)(1 + prop_below(prop, 3));
		for (unsigned i = 0; i < source->leader_count; i++)
			source->leaders[i] = (uint32_t)prop_below(prop, MADE_FAMILIES);
	}
}

static void made_claim(struct prop *prop, struct score_claim *claim)
{
	unsigned state = (unsigned)prop_below(prop, 5);

	*claim = (struct score_claim){
		.source = (uint32_t)prop_below(prop, MADE_SOURCES),
		.recent = (float)prop_below(prop, 3000) / 1000.0F,
		.lasting = (float)prop_below(prop, 3000) / 1000.0F,
		.episodes = (uint16_t)(prop_below(prop, 2) * prop_below(prop, 9)),
		.role = (uint8_t)prop_below(prop, ROLE_COUNT),
		.category = (uint8_t)(1 + prop_below(prop, 30)),
		.confidence = (int16_t)((int16_t)prop_below(prop, 102) - 1),
		.is_listed = state < 2,
		.is_stale = state == 2,
	};
	if (claim->role == ROLE_POLICY && prop_below(prop, 2) == 0)
		claim->category = (uint8_t)(CATEGORY_TOR + prop_below(prop, 4));
	if (prop_below(prop, 4) == 0)
		claim->recent = claim->lasting = 0.001F;
}

void made_fill(struct prop *prop, struct made *made)
{
	struct ipaddr ip = ip_from_u32((uint32_t)prop_u64(prop));

	*made = (struct made){ 0 };
	made_model(prop, &made->model);
	made_policy(prop, &made->policy);
	for (size_t i = 0; i < MADE_SOURCES; i++)
		made_source(prop, &made->sources[i]);
	made->input = (struct score_input){ .claims = made->claims,
		.n = prop_below(prop, prop_below(prop, 8) == 0 ? MADE_CLAIMS_MAX : 7),
		.now_s = made_now_s };
	for (size_t i = 0; i < made->input.n; i++)
		made_claim(prop, &made->claims[i]);
	made->prefix = prefix_around(&ip, (uint8_t)(IPV4_OFFSET + prop_below(prop, 33)));
	if (prop_below(prop, 3) != 0)
		made->input.prefix = &made->prefix;

	struct score_surroundings *around = &made->input.around;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++)
			around->near[role][level] =
				(uint32_t)(prop_below(prop, 2) * prop_below(prop, 300));
		around->network.log_odds[role] =
			(float)(prop_below(prop, 2) == 0 ? 0.0 : 4 * share_of(prop) - 2);
	}
	around->is_shared = prop_below(prop, 6) == 0;
	around->is_cloud = prop_below(prop, 6) == 0;
	around->is_noted = prop_below(prop, 6) == 0;
}

struct score_input made_copy(const struct made *made, struct score_claim *claims)
{
	struct score_input input = made->input;

	memcpy(claims, made->claims, sizeof made->claims);
	input.claims = claims;
	return input;
}

static long double decay_of(const struct made *made, const struct score_claim *claim, int days)
{
	const struct score_decay *decay = &made->model.roles[claim->role].decay;
	long double recent = (long double)claim->recent;
	long double lasting = (long double)claim->lasting;

	if (claim->is_listed && (days == 0 || claim->role == ROLE_POLICY))
		return 1;
	if (claim->is_listed) {
		recent = fmaxl(recent, 1);
		lasting = fmaxl(lasting, 1);
	}
	recent *= (long double)decay->recent_share *
		  exp2l(-days / (long double)decay->recent_half_life_d);
	lasting *= (1 - (long double)decay->recent_share) *
		   exp2l(-days / (long double)decay->lasting_half_life_d);
	return fminl(1, recent + lasting);
}

/* days < 0: undecayed. with_new: claims of new sources, too. -1: the family says nothing. */
static long double family_says(
	const struct made *made, unsigned role, uint32_t family, int days, bool with_new)
{
	long double most = -1;

	for (size_t i = 0; i < made->input.n; i++) {
		const struct score_claim *claim = &made->claims[i];
		const struct score_source *source = &made->sources[claim->source];
		long double says = (long double)source->weight[role];

		if (claim->role != role || source->family != family)
			continue;
		if (!with_new && source->standing == STANDING_NEW && !source->is_proven)
			continue;
		if (claim->confidence != CONFIDENCE_UNKNOWN)
			says *= 0.5L + claim->confidence / 200.0L;
		if (days >= 0)
			says = logl(1 + decay_of(made, claim, days) * (expl(says) - 1));
		if (source->traits & TRAIT_SPOOFABLE)
			says *= (long double)made->model.roles[role].spoofable_share;
		most = fmaxl(most, says);
	}
	return most;
}

/* Whom the family follows; itself when nobody whom it repeats is here. */
static uint32_t followed(const struct made *made, unsigned role, uint32_t family)
{
	uint32_t best = family;
	long double most = -1;

	for (uint32_t leader = 0; leader < MADE_FAMILIES; leader++) {
		long double says = family_says(made, role, leader, -1, true);
		bool is_led = false;

		for (size_t i = 0; i < made->input.n; i++) {
			const struct score_source *source = &made->sources[made->claims[i].source];

			if (made->claims[i].role != role || source->family != family)
				continue;
			for (unsigned j = 0; j < source->leader_count; j++)
				is_led |= source->leaders[j] == leader;
		}
		/* the claims' weights are doubles: what differs by less is the same */
		if (is_led && leader != family && says > most + 1e-12L && says >= 0) {
			most = says;
			best = leader;
		}
	}
	return best;
}

/* The line of each family; a follower that would close a circle follows nobody. */
static void lines_of(const struct made *made, unsigned role, uint32_t lines[MADE_FAMILIES])
{
	uint32_t follows[MADE_FAMILIES];

	for (uint32_t family = 0; family < MADE_FAMILIES; family++)
		follows[family] = family;
	for (uint32_t family = 0; family < MADE_FAMILIES; family++) {
		uint32_t leader = followed(made, role, family);
		uint32_t at = leader;

		while (follows[at] != at)
			at = follows[at];
		if (at != family)
			follows[family] = leader;
	}
	for (uint32_t family = 0; family < MADE_FAMILIES; family++) {
		lines[family] = family;
		while (follows[lines[family]] != lines[family])
			lines[family] = follows[lines[family]];
	}
}

static long double claims_say(const struct made *made, unsigned role, int days)
{
	uint32_t lines[MADE_FAMILIES];
	long double sum = 0;
	long double unproven = 0;

	lines_of(made, role, lines);
	for (uint32_t line = 0; line < MADE_FAMILIES; line++) {
		long double most = 0;
		long double vouched = 0;

		for (uint32_t family = 0; family < MADE_FAMILIES; family++) {
			if (lines[family] != line)
				continue;
			most = fmaxl(most, family_says(made, role, family, days, true));
			vouched = fmaxl(vouched, family_says(made, role, family, days, false));
		}
		sum += most;
		unproven += most - vouched;
	}
	return sum - fmaxl(0, unproven - (long double)made->model.roles[role].unproven_max);
}

static bool is_said(const struct made *made, uint64_t categories)
{
	for (size_t i = 0; i < made->input.n; i++) {
		const struct score_claim *claim = &made->claims[i];

		if (claim->role == ROLE_POLICY && (claim->is_listed || claim->is_stale) &&
			(categories >> claim->category & 1) != 0)
			return true;
	}
	return false;
}

long double made_log_odds(const struct made *made, unsigned role, int days, uint64_t *categories)
{
	const struct score_role_model *model = &made->model.roles[role];
	const struct score_surroundings *around = &made->input.around;
	bool is_shared = around->is_shared || is_said(made, UINT64_C(7) << CATEGORY_TOR);
	bool is_cloud = around->is_cloud || is_said(made, UINT64_C(1) << CATEGORY_HOSTING);
	long double near =
		(long double)model->network * (long double)around->network.log_odds[role];
	uint32_t episodes = 0;
	bool any = false;

	*categories = 0;
	for (size_t i = 0; i < made->input.n; i++) {
		const struct score_claim *claim = &made->claims[i];

		if (claim->role != role)
			continue;
		any = true;
		episodes = claim->episodes > episodes ? claim->episodes : episodes;
		if (decay_of(made, claim, days) >= 0.02L)
			*categories |= UINT64_C(1) << claim->category;
	}
	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		uint32_t others = around->near[role][level];

		near += others == 0 ? 0
				    : (long double)model->near_any[level] +
					      (long double)model->near_each[level] *
						      logl(1.0L + others);
	}
	near *= is_shared ? (long double)model->shared_near : 1;
	near += (long double)model->episode * logl(1.0L + episodes);
	near = fminl(near, (long double)model->surroundings_max);

	long double sum = (long double)model->prior + claims_say(made, role, days) + near;

	sum -= any && is_shared ? (long double)model->shared_doubt : 0;
	sum -= any && is_cloud ? (long double)model->cloud_doubt : 0;
	return (long double)model->scale * sum + (long double)model->shift;
}

uint8_t made_watch(const struct policy *policy, unsigned role, uint64_t categories)
{
	uint8_t least = POLICY_NEVER;

	for (unsigned category = 0; category < CATEGORY_COUNT; category++) {
		if ((categories >> category & 1) != 0 && policy->at[role][category].watch < least)
			least = policy->at[role][category].watch;
	}
	return least;
}
