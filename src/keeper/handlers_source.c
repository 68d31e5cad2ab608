/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources: how far they are trusted, by an administrator's word. */
#include "evidence/query.h"
#include "keeper/declare.h"
#include "keeper/handlers.h"
#include "keeper/service.h"
#include "score/standing.h"

#include <math.h>

/* Most log-odds that may be declared; what is learned stays below, too. */
enum { SOURCE_WEIGHT_MAX = 10 };

/* A number, or null for the model's own. What is absent stays. */
static enum err read_weight(const struct command_call *call, double *out, struct why *why)
{
	struct json_node node = json_get(call->arguments, "weight");

	if (json_type(node) == JSON_NULL)
		*out = (double)NAN;
	if (json_type(node) == JSON_NULL || json_type(node) == JSON_ABSENT)
		return OK;
	if (!json_double(node, out) || *out < 0 || *out > SOURCE_WEIGHT_MAX)
		return fail(why, ERR_USAGE, "argument 'weight' is no number from 0 to %d",
			SOURCE_WEIGHT_MAX);
	return OK;
}

static enum err read_traits(const struct command_call *call, uint8_t *out, struct why *why)
{
	struct json_node node = json_get(call->arguments, "traits");
	struct json_iterator it = json_each(node);
	struct json_node value;
	uint8_t traits = 0;

	if (json_type(node) == JSON_ABSENT)
		return OK;
	if (json_type(node) != JSON_ARRAY)
		return fail(why, ERR_USAGE, "argument 'traits' is no array of words");
	while (json_next(&it, &value)) {
		struct str word = STR("");
		uint8_t trait;

		if (!json_str(value, &word) || !source_trait_parse(word, &trait))
			return fail(why, ERR_USAGE,
				"no trait '%.*s': spoofable, critical, cloud or shared",
				STR_FMT(str_first(word, 64)));
		traits |= trait;
	}
	*out = traits;
	return OK;
}

static enum err read_family(const struct command_call *call, struct str *out, struct why *why)
{
	struct str family;

	TRY(command_text(call, "family", false, &family, why));
	if (family.n == 0)
		return OK;
	if (!feed_name_is_valid(family))
		return fail(why, ERR_USAGE,
			"a family's name is lower-case letters, digits and hyphens: '%.*s'",
			STR_FMT(str_first(family, 64)));
	*out = family;
	return OK;
}

static enum err read_changes(
	const struct command_call *call, struct source_properties *properties, struct why *why)
{
	struct str word;

	TRY(command_text(call, "standing", false, &word, why));
	if (word.n != 0 && !source_standing_parse(word, &properties->standing))
		return fail(why, ERR_USAGE, "no standing '%.*s': new, vouched or sensor",
			STR_FMT(str_first(word, 64)));
	TRY(read_weight(call, &properties->weight, why));
	TRY(read_traits(call, &properties->traits, why));
	return read_family(call, &properties->family, why);
}

enum err handle_source_set(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	struct source_properties properties;
	struct str name;
	bool is_known;

	TRY(command_text(call, "name", true, &name, why));
	if (!feed_name_is_valid(name))
		return fail(why, ERR_USAGE,
			"a source's name is lower-case letters, digits and hyphens: '%.*s'",
			STR_FMT(str_first(name, 64)));
	if (catalogue_find(&keeper->catalogue, name) != NULL)
		return fail(why, ERR_CONFLICT,
			"%.*s is of the catalogue, which says that with every start: change its "
			"entry in " KEEPER_FEEDS_FILE,
			STR_FMT(name));
	TRY(declared_find(keeper, name, call->arena, &properties, &is_known, why));
	/* one that was never heard of may be declared before it speaks */
	TRY(read_changes(call, &properties, why));
	TRY(declared_set(keeper, name, &properties, why));
	service_want_build(call->service, 0);
	json_field_str(result, "name", name);
	return OK;
}
