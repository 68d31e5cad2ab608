/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/world.h"

#include "base/clock.h"
#include "evidence/claim.h"

const int64_t world_now_s = 1795448940;

const char *const world_names[] = { "a.example", "b.example", "x.a.example", "y.x.a.example",
	"example", "c.test" };
const size_t world_name_count = ARRAY_LEN(world_names);
const char *const world_urls[] = { "http://a.example/", "https://x.a.example/q" };
const size_t world_url_count = ARRAY_LEN(world_urls);

static struct ipaddr random_v4(struct prop *prop)
{
	return ip_from_u32(UINT32_C(0xc6336400) + (uint32_t)prop_below(prop, WORLD_SPACE) +
			   (uint32_t)(prop_below(prop, 4) == 0) * 256);
}

static struct prefix random_v6(struct prop *prop)
{
	struct ipaddr ip = { { 0x20, 0x01, 0x0d, 0xb8 } };

	ip.bytes[5] = (uint8_t)(prop_below(prop, 4) == 0);
	ip.bytes[6] = (uint8_t)(prop_below(prop, 4) == 0);
	ip.bytes[7] = (uint8_t)prop_below(prop, prop_below(prop, 2) == 0 ? 8 : WORLD_SPACE);
	ip.bytes[15] = (uint8_t)prop_below(prop, 4);
	return prefix_around(&ip, prop_below(prop, 2) == 0 ? 128
				  : prop_below(prop, 2) == 0
					  ? 64
					  : (uint8_t)(46 + prop_below(prop, 30)));
}

static struct indicator random_indicator(struct prop *prop)
{
	struct indicator indicator = { .kind = INDICATOR_IP };
	struct ipaddr ip = random_v4(prop);

	if (prop_below(prop, 16) == 0)
		return (struct indicator){ .kind = INDICATOR_URL,
			.text = str_c(world_urls[prop_below(prop, world_url_count)]) };
	if (prop_below(prop, 4) == 0)
		return (struct indicator){ .kind = INDICATOR_NAME,
			.below = prop_below(prop, 2) == 0,
			.text = str_c(world_names[prop_below(prop, world_name_count)]) };
	if (prop_below(prop, 3) == 0)
		indicator.prefix = random_v6(prop);
	else
		indicator.prefix = prefix_around(&ip,
			prop_below(prop, 2) == 0 ? 128 : (uint8_t)(116 + prop_below(prop, 13)));
	return indicator;
}

static void random_rows(struct prop *prop, struct world *world)
{
	world->n = prop_below(prop, WORLD_ROWS_MAX);
	for (size_t i = 0; i < world->n; i++) {
		struct world_row *row = &world->rows[i];

		row->indicator = random_indicator(prop);
		indicator_key(&row->key, &row->indicator);
		row->compiled = (struct compile_row){ .key = buf_view(&row->key),
			.source = (uint32_t)prop_below(prop, WORLD_SOURCES),
			.role = (uint8_t)prop_below(prop, ROLE_COUNT),
			.category = (uint8_t)(1 + prop_below(prop, 20)),
			.confidence = (int16_t)((int16_t)prop_below(prop, 102) - 1),
			.is_listed = prop_below(prop, 3) != 0,
			.recent = (double)prop_below(prop, 300) / 100,
			.lasting = (double)prop_below(prop, 300) / 100,
			.decayed_at_s = world_now_s - (int64_t)prop_below(prop, 20) * DAY_S,
			.first_seen_s = world_now_s - 60 * DAY_S,
			.last_seen_s = world_now_s - (int64_t)prop_below(prop, 60) * DAY_S,
			.episodes = prop_below(prop, 4) * prop_below(prop, 3) };
		if (row->compiled.role == ROLE_POLICY && prop_below(prop, 2) == 0)
			row->compiled.category = (uint8_t)(CATEGORY_TOR + prop_below(prop, 4));
	}
}

static void random_sources(struct prop *prop, struct world *world)
{
	static const struct str names[WORLD_SOURCES] = { STR_INIT("a"), STR_INIT("b"),
		STR_INIT("c"), STR_INIT("d"), STR_INIT("e"), STR_INIT("f"), STR_INIT("g"),
		STR_INIT("h"), STR_INIT("i") };

	for (uint32_t i = 0; i < WORLD_SOURCES; i++) {
		struct score_source *source = &world->sources[i];

		*source = (struct score_source){ .name = names[i],
			.family = (uint32_t)prop_below(prop, WORLD_SOURCES),
			.standing = (uint8_t)prop_below(prop, STANDING_COUNT),
			.traits = prop_below(prop, 4) == 0 ? TRAIT_SPOOFABLE : 0 };
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			source->weight[role] = (float)prop_below(prop, 600) / 100.0F;
		if (prop_below(prop, 4) == 0)
			source->leaders[source->leader_count++] =
				(uint32_t)prop_below(prop, WORLD_SOURCES);
		if (prop_below(prop, 5) == 0)
			source->silent_since_s =
				world_now_s - (int64_t)(3 + prop_below(prop, 30)) * DAY_S;
	}
	world->scoring.sources =
		(struct source_table){ .rows = world->sources, .n = WORLD_SOURCES };
}

static void random_policy(struct prop *prop, struct policy *policy)
{
	policy_default(policy);
	policy->ip4_width_min = (uint8_t)(16 + prop_below(prop, 10));
	policy->ip6_length_min = (uint8_t)(32 + prop_below(prop, 30));
	if (prop_below(prop, 2) == 0)
		return;
	for (unsigned i = 0; i < 10; i++) {
		struct policy_threshold *at =
			&policy->at[prop_below(prop, 2)][1 + prop_below(prop, 20)];

		at->watch = (uint8_t)prop_below(prop, 60);
		at->challenge = (uint8_t)(at->watch + prop_below(prop, 30));
		at->block = (uint8_t)(at->challenge + prop_below(prop, 12));
	}
	policy_prepare(policy);
}

static void random_networks(struct prop *prop, struct model *model)
{
	struct ipaddr v4 = ip_from_u32(UINT32_C(0xc6336400));
	struct ipaddr v6 = { { 0x20, 0x01, 0x0d, 0xb8 } };
	struct prefix prefixes[] = { prefix_around(&v4, 96 + 20), prefix_around(&v4, 96 + 25),
		prefix_around(&v6, 32), prefix_around(&v6, 62) };
	struct score_network values[ARRAY_LEN(prefixes)] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			values[i].log_odds[role] = (float)prop_below(prop, 400) / 100.0F - 2.0F;
	}
	score_networks_build(&model->networks, prefixes, values, ARRAY_LEN(prefixes));
	model->score.networks = &model->networks;
}

bool world_same(const struct indicator *a, const struct indicator *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == INDICATOR_IP ? prefix_cmp(&a->prefix, &b->prefix) == 0
				       : a->below == b->below && str_eq(a->text, b->text);
}

static void random_rules(struct prop *prop, struct world *world)
{
	size_t n = prop_below(prop, 3) == 0 ? 0 : prop_below(prop, WORLD_RULES_MAX);

	world->scoring.rules = rules_new();
	for (size_t i = 0; i < n; i++) {
		struct world_rule *rule = &world->rules[world->rule_count];
		bool is_repeated = false;

		*rule = (struct world_rule){ .indicator = random_indicator(prop),
			.guard = (enum guard_policy)prop_below(prop, GUARD_POLICIES),
			.is_allow = prop_below(prop, 2) == 0,
			.traits = prop_below(prop, 2) == 0 ? TRAIT_CLOUD : TRAIT_SHARED };
		/* two rules of one indicator are a question for the tests of rules */
		for (size_t j = 0; j < world->rule_count; j++)
			is_repeated |= world_same(&world->rules[j].indicator, &rule->indicator);
		if (is_repeated)
			continue;
		world->rule_count++;
		if (rule->guard == GUARD_NONE)
			rules_add_override(world->scoring.rules, &rule->indicator, (int64_t)i + 1,
				rule->is_allow);
		else
			must(rules_add_guard(world->scoring.rules, &rule->indicator, rule->guard,
				     STR("list"), rule->traits, NULL) == OK);
	}
	rules_ready(world->scoring.rules);
}

void world_make(struct prop *prop, struct world *out)
{
	*out = (struct world){ 0 };
	random_rows(prop, out);
	random_sources(prop, out);
	model_default(&out->scoring.model);
	if (prop_below(prop, 2) == 0)
		random_networks(prop, &out->scoring.model);
	random_policy(prop, &out->scoring.policy);
	random_rules(prop, out);
}

void world_done(struct world *world)
{
	for (size_t i = 0; i < world->n; i++)
		buf_done(&world->rows[i].key);
	rules_free(&world->scoring.rules);
	model_done(&world->scoring.model);
}

static struct indicator judged(const struct indicator *indicator)
{
	struct indicator out = *indicator;

	if (out.kind == INDICATOR_IP && !prefix_is_v4(&out.prefix) &&
		out.prefix.length > COMPILE_V6_HOST_LENGTH)
		out.prefix = prefix_around(&out.prefix.address, COMPILE_V6_HOST_LENGTH);
	return out;
}

bool world_holds(const struct indicator *outer, const struct indicator *inner)
{
	if (outer->kind != inner->kind)
		return false;
	if (outer->kind == INDICATOR_IP)
		return prefix_contains(&outer->prefix, &inner->prefix);
	if (outer->kind == INDICATOR_URL || str_eq(outer->text, inner->text))
		return str_eq(outer->text, inner->text) && (outer->below || !inner->below);
	return outer->below && str_ends(inner->text, outer->text) &&
	       inner->text.n > outer->text.n &&
	       inner->text.p[inner->text.n - outer->text.n - 1] == '.';
}

/* How close an indicator is that holds another; greater is closer. */
static size_t closeness(const struct indicator *indicator)
{
	return indicator->kind == INDICATOR_IP ? indicator->prefix.length
					       : indicator->text.n * 2 + !indicator->below;
}

/* The override of the longer prefix, or of more labels; of two equal ones the allow. */
static bool decides_over(const struct world_rule *rule, const struct world_rule *other)
{
	size_t length = rule->indicator.kind == INDICATOR_IP ? rule->indicator.prefix.length
							     : rule->indicator.text.n;
	size_t others = other->indicator.kind == INDICATOR_IP ? other->indicator.prefix.length
							      : other->indicator.text.n;

	return length > others || (length == others && rule->is_allow);
}

enum rule_verdict world_rule(const struct world *world, const struct indicator *indicator)
{
	const struct world_rule *override = NULL;
	bool is_asked = false;

	for (size_t i = 0; i < world->rule_count; i++) {
		const struct world_rule *rule = &world->rules[i];

		if (!world_holds(&rule->indicator, indicator))
			continue;
		if (rule->guard == GUARD_NEVER)
			return RULE_ALLOW;
		is_asked |= rule->guard == GUARD_ASK;
		if (rule->guard == GUARD_NONE && (override == NULL || decides_over(rule, override)))
			override = rule;
	}
	if (override != NULL)
		return override->is_allow ? RULE_ALLOW : RULE_BLOCK;
	return is_asked ? RULE_WATCH_AT_MOST : RULE_SCORE;
}

bool world_is_let(const struct world *world, const struct world_row *row)
{
	return row->indicator.kind == INDICATOR_IP && !prefix_is_v4(&row->indicator.prefix) &&
	       row->indicator.prefix.length > COMPILE_V6_HOST_LENGTH &&
	       world_rule(world, &row->indicator) == RULE_ALLOW;
}

static bool is_silent(const struct world *world, const struct compile_row *row)
{
	return world->sources[row->source].silent_since_s != 0;
}

/* Is anything active claimed of exactly this in the role? */
static bool is_active(const struct world *world, const struct indicator *indicator, unsigned role)
{
	for (size_t i = 0; i < world->n; i++) {
		const struct compile_row *row = &world->rows[i].compiled;
		struct indicator its = judged(&world->rows[i].indicator);
		int64_t days = (world_now_s - PEHRA_DAY_ZERO_S) / DAY_S -
			       (row->last_seen_s - PEHRA_DAY_ZERO_S) / DAY_S;

		if (row->role == role && role != ROLE_POLICY && world_same(&its, indicator) &&
			!world_is_let(world, &world->rows[i]) &&
			((row->is_listed && !is_silent(world, row)) || days <= SCORE_NEAR_DAYS))
			return true;
	}
	return false;
}

static void count_near(const struct world *world, const struct indicator *indicator,
	struct score_surroundings *out)
{
	const struct prefix *self = &indicator->prefix;
	bool is_v4 = prefix_is_v4(self);
	const uint8_t lengths[SCORE_NEAR_LEVELS] = { is_v4 ? 96 + 24 : 56, is_v4 ? 0 : 48 };

	if (is_v4 ? self->length <= 96 + 24 : self->length != 64)
		return;
	for (size_t i = 0; i < world->n; i++) {
		struct indicator other = judged(&world->rows[i].indicator);
		bool is_first = true;

		for (size_t j = 0; j < i; j++) {
			struct indicator earlier = judged(&world->rows[j].indicator);

			is_first &= !world_same(&earlier, &other);
		}
		if (!is_first || other.kind != INDICATOR_IP || world_same(&other, indicator) ||
			prefix_is_v4(&other.prefix) != is_v4 ||
			(is_v4 ? other.prefix.length <= 96 + 24 : other.prefix.length != 64))
			continue;
		for (unsigned level = 0; level < SCORE_NEAR_LEVELS && lengths[level] != 0;
			level++) {
			struct prefix group = prefix_around(&self->address, lengths[level]);

			for (unsigned role = 0; role < ROLE_COUNT; role++)
				out->near[role][level] +=
					prefix_contains_ip(&group, &other.prefix.address) &&
					is_active(world, &other, role);
		}
	}
}

void world_around(const struct world *world, const struct indicator *indicator,
	struct score_surroundings *out)
{
	*out = (struct score_surroundings){ 0 };
	for (size_t i = 0; i < world->rule_count; i++) {
		const struct world_rule *rule = &world->rules[i];

		if (rule->guard != GUARD_NOTE || !world_holds(&rule->indicator, indicator))
			continue;
		out->is_noted = true;
		out->is_shared |= rule->traits == TRAIT_SHARED;
		out->is_cloud |= rule->traits == TRAIT_CLOUD;
	}
	if (indicator->kind != INDICATOR_IP)
		return;
	count_near(world, indicator, out);
	out->network = score_networks_find(world->scoring.model.score.networks, &indicator->prefix);
}

static struct score_claim claim_of(const struct world *world, const struct compile_row *row)
{
	const struct score_decay *decay = &world->scoring.model.score.roles[row->role].decay;
	int64_t silent_since_s = world->sources[row->source].silent_since_s;
	struct score_claim claim = { .source = row->source,
		.role = row->role,
		.category = row->category,
		.confidence = row->confidence,
		.episodes = (uint16_t)row->episodes,
		.is_listed = row->is_listed && silent_since_s == 0,
		.is_stale = row->is_listed && silent_since_s != 0 };

	if (!claim.is_stale) {
		score_accumulators_at(decay, row->recent, row->lasting, row->decayed_at_s,
			world_now_s, &claim.recent, &claim.lasting);
		return claim;
	}
	score_accumulators_at(decay, row->recent, row->lasting, row->decayed_at_s, silent_since_s,
		&claim.recent, &claim.lasting);
	claim.recent = claim.recent < 1.0F ? 1.0F : claim.recent;
	claim.lasting = claim.lasting < 1.0F ? 1.0F : claim.lasting;
	score_accumulators_at(decay, (double)claim.recent, (double)claim.lasting, silent_since_s,
		world_now_s, &claim.recent, &claim.lasting);
	return claim;
}

static bool is_persons_place(const struct world *world, const struct indicator *indicator)
{
	for (size_t i = 0; i < world->rule_count; i++) {
		const struct world_rule *rule = &world->rules[i];

		if (rule->guard == GUARD_NONE && rule->is_allow &&
			world_same(&rule->indicator, indicator))
			return true;
	}
	return false;
}

void world_judge(
	const struct world *world, const struct indicator *indicator, struct world_found *out)
{
	struct score_claim claims[WORLD_ROWS_MAX];
	struct score_input input = { .claims = claims, .now_s = world_now_s };
	enum rule_verdict rule = world_rule(world, indicator);

	if (indicator->kind == INDICATOR_IP)
		input.prefix = &indicator->prefix;
	for (size_t i = 0; i < world->n; i++) {
		struct indicator its = judged(&world->rows[i].indicator);

		if (world_holds(&its, indicator) && !world_is_let(world, &world->rows[i]))
			claims[input.n++] = claim_of(world, &world->rows[i].compiled);
	}
	world_around(world, indicator, &input.around);
	score_of(&world->scoring.model.score, world->sources, &world->scoring.policy, &input,
		&out->score, NULL, 0, NULL);
	out->action = out->score.action;
	if (rule == RULE_ALLOW)
		out->action = PEHRA_ALLOW;
	else if (rule == RULE_BLOCK)
		out->action = PEHRA_BLOCK;
	else if (rule == RULE_WATCH_AT_MOST && out->action > PEHRA_WATCH)
		out->action = PEHRA_WATCH;
	out->only_as_hole = out->action == PEHRA_NONE ||
			    (out->action == PEHRA_ALLOW && !is_persons_place(world, indicator));
}

static size_t spot_add(struct indicator *spots, size_t n, const struct indicator *spot)
{
	for (size_t i = 0; i < n; i++) {
		if (world_same(&spots[i], spot))
			return n;
	}
	spots[n] = *spot;
	return n + 1;
}

size_t world_spots(const struct world *world, struct indicator out[WORLD_SPOTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < world->n; i++) {
		struct indicator spot = judged(&world->rows[i].indicator);

		if (!world_is_let(world, &world->rows[i]))
			n = spot_add(out, n, &spot);
	}
	for (size_t i = 0; i < world->rule_count; i++) {
		enum guard_policy guard = world->rules[i].guard;

		if (guard == GUARD_NONE || guard == GUARD_NEVER)
			n = spot_add(out, n, &world->rules[i].indicator);
	}
	return n;
}

bool world_shown(const struct world *world, const struct indicator *asked, struct world_found *out)
{
	struct indicator spots[WORLD_SPOTS_MAX];
	size_t n = world_spots(world, spots);
	bool any = false;

	for (size_t at = 0; at <= 600; at++) {
		/* from the widest to the closest */
		for (size_t i = 0; i < n; i++) {
			struct world_found found;
			bool is_around =
				any && out->action >= PEHRA_WATCH && out->action <= PEHRA_BLOCK;

			if (closeness(&spots[i]) != at || !world_holds(&spots[i], asked))
				continue;
			world_judge(world, &spots[i], &found);
			if (found.only_as_hole && !is_around)
				continue;
			*out = found;
			any = true;
		}
	}
	return any;
}
