/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/policy.h"

/* As much of a wrong member's name as a message can hold. */
static struct str shown(struct str key)
{
	enum { SHOWN_MAX = 40 };

	return str_first(key, SHOWN_MAX);
}

static const struct {
	const char *name;
	size_t offset;
} steps[] = {
	{ "watch", offsetof(struct policy_threshold, watch) },
	{ "challenge", offsetof(struct policy_threshold, challenge) },
	{ "block", offsetof(struct policy_threshold, block) },
};

/* Least score of a step: a number, "never" or null. */
static enum err threshold_read(
	struct json_node node, const char *what, const char *step, uint8_t *out, struct why *why)
{
	struct str word;
	int64_t number;

	if (json_type(node) == JSON_NULL || (json_str(node, &word) && str_eq(word, STR("never")))) {
		*out = POLICY_NEVER;
		return OK;
	}
	if (!json_i64(node, &number) || number < 0 || number > SCORE_MAX)
		return fail(why, ERR_SYNTAX,
			"thresholds.%s.%s is not a score of 0 to %d, \"never\" or null", what, step,
			SCORE_MAX);
	*out = (uint8_t)number;
	return OK;
}

/* Reads watch, challenge, block where they are; *is_step tells whether key is one of them. */
static enum err step_read(struct str key, struct json_node node, const char *what,
	struct policy_threshold *at, bool *is_step, struct why *why)
{
	*is_step = false;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (!str_eq(key, str_c(steps[i].name)))
			continue;
		*is_step = true;
		return threshold_read(
			node, what, steps[i].name, (uint8_t *)at + steps[i].offset, why);
	}
	return OK;
}

static enum err threshold_check(
	const struct policy_threshold *at, const char *what, struct why *why)
{
	if (at->watch > at->challenge || at->challenge > at->block)
		return fail(why, ERR_SYNTAX,
			"thresholds.%s: watch may not be above challenge, nor challenge above "
			"block",
			what);
	return OK;
}

static enum err category_read(struct str name, struct json_node node, struct str role,
	struct policy_threshold at[CATEGORY_COUNT], struct why *why)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str key;
	enum category category;
	char what[64];

	if (!category_parse(name, &category))
		return fail(why, ERR_SYNTAX, "thresholds.%.*s.categories: '%.*s' is no category",
			STR_FMT(role), STR_FMT(shown(name)));
	(void)snprintf(what, sizeof what, "%.*s.categories.%.*s", STR_FMT(role), STR_FMT(name));
	if (json_type(node) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "thresholds.%s is no object", what);
	while (json_next_member(&it, &key, &value)) {
		bool is_step;

		TRY(step_read(key, value, what, &at[category], &is_step, why));
		if (!is_step)
			return fail(why, ERR_SYNTAX, "thresholds.%s has no member '%.*s'", what,
				STR_FMT(shown(key)));
	}
	return threshold_check(&at[category], what, why);
}

/* First what is said of the whole role, then what categories say otherwise. */
static enum err role_read(struct str name, struct json_node node,
	struct policy_threshold at[CATEGORY_COUNT], struct why *why)
{
	struct json_node categories = { 0 };
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str key;
	char what[16];

	(void)snprintf(what, sizeof what, "%.*s", STR_FMT(name));
	if (json_type(node) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "thresholds.%s is no object", what);
	while (json_next_member(&it, &key, &value)) {
		bool is_step;

		TRY(step_read(key, value, what, &at[0], &is_step, why));
		if (str_eq(key, STR("categories")))
			categories = value;
		else if (!is_step)
			return fail(why, ERR_SYNTAX, "thresholds.%s has no member '%.*s'", what,
				STR_FMT(shown(key)));
	}
	TRY(threshold_check(&at[0], what, why));
	for (int category = 1; category < CATEGORY_COUNT; category++)
		at[category] = at[0];
	if (json_type(categories) != JSON_OBJECT && json_type(categories) != JSON_ABSENT)
		return fail(why, ERR_SYNTAX, "thresholds.%s.categories is no object", what);
	it = json_each(categories);
	while (json_next_member(&it, &key, &value))
		TRY(category_read(key, value, name, at, why));
	return OK;
}

static enum err thresholds_read(struct json_node node, struct policy *policy, struct why *why)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str key;
	enum role role;

	if (json_type(node) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "thresholds is no object");
	while (json_next_member(&it, &key, &value)) {
		if (!role_parse(key, &role))
			return fail(why, ERR_SYNTAX, "thresholds has no role '%.*s'",
				STR_FMT(shown(key)));
		TRY(role_read(role_name(role), value, policy->at[role], why));
	}
	return OK;
}

static enum err width_read(struct json_node node, struct policy *policy, struct why *why)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str key;
	int64_t number;

	if (json_type(node) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "width_min is no object");
	while (json_next_member(&it, &key, &value)) {
		bool is_ip4 = str_eq(key, STR("ip4"));

		if (!is_ip4 && !str_eq(key, STR("ip6")))
			return fail(why, ERR_SYNTAX, "width_min has no member '%.*s'",
				STR_FMT(shown(key)));
		if (!json_i64(value, &number) || number < 0 || number > (is_ip4 ? 32 : 128))
			return fail(why, ERR_SYNTAX, "width_min.%s is no prefix length",
				is_ip4 ? "ip4" : "ip6");
		*(is_ip4 ? &policy->ip4_width_min : &policy->ip6_length_min) = (uint8_t)number;
	}
	return OK;
}

static enum err block_max_read(struct json_node node, struct policy *policy, struct why *why)
{
	if (!json_u64(node, &policy->block_max))
		return fail(why, ERR_SYNTAX, "block_max is no whole number");
	return OK;
}

static const struct {
	const char *name;
	enum err (*read)(struct json_node node, struct policy *policy, struct why *why);
} members[] = {
	{ "thresholds", thresholds_read },
	{ "block_max", block_max_read },
	{ "width_min", width_read },
};

static enum err member_read(
	struct str key, struct json_node value, struct policy *policy, struct why *why)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (str_eq(key, str_c(members[i].name)))
			return members[i].read(value, policy, why);
	}
	return fail(why, ERR_SYNTAX, "a policy has no member '%.*s'", STR_FMT(shown(key)));
}

enum err policy_read(struct json_node node, struct policy *out, struct why *why)
{
	struct json_iterator it = json_each(node);
	struct policy policy;
	struct json_node value;
	struct str key;

	if (json_type(node) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "a policy is an object");
	policy_default(&policy);
	while (json_next_member(&it, &key, &value))
		TRY(member_read(key, value, &policy, why));
	policy_prepare(&policy);
	*out = policy;
	return OK;
}

static void threshold_write(struct json_writer *json, const struct policy_threshold *at)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		uint8_t least = *((const uint8_t *)at + steps[i].offset);

		json_key(json, steps[i].name);
		if (least > SCORE_MAX)
			json_put_str(json, STR("never"));
		else
			json_put_u64(json, least);
	}
}

/* No claim has the category 0, so it stands for those of which nothing else is said. */
static void role_write(
	struct json_writer *json, enum role role, const struct policy_threshold at[CATEGORY_COUNT])
{
	json_key_str(json, role_name(role));
	json_object_begin(json);
	threshold_write(json, &at[0]);
	json_key(json, "categories");
	json_object_begin(json);
	for (unsigned category = 1; category < CATEGORY_COUNT; category++) {
		const struct category_info *info = category_info(category);

		if (info == NULL || memcmp(&at[category], &at[0], sizeof at[0]) == 0)
			continue;
		json_key_str(json, info->name);
		json_object_begin(json);
		threshold_write(json, &at[category]);
		json_object_end(json);
	}
	json_object_end(json);
	json_object_end(json);
}

void policy_write(struct json_writer *json, const struct policy *policy)
{
	json_object_begin(json);
	json_key(json, "thresholds");
	json_object_begin(json);
	for (int role = 0; role < ROLE_COUNT; role++)
		role_write(json, (enum role)role, policy->at[role]);
	json_object_end(json);
	json_field_u64(json, "block_max", policy->block_max);
	json_key(json, "width_min");
	json_object_begin(json);
	json_field_u64(json, "ip4", policy->ip4_width_min);
	json_field_u64(json, "ip6", policy->ip6_length_min);
	json_object_end(json);
	json_object_end(json);
}
