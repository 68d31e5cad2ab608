/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STIX 2.1 bundles, TAXII 2.1 envelopes, arrays of objects: the indicators among their objects.
 * Times are valid_from (first) and modified (last), the reference is the name. Of markings only TLP
 * is kept, by the marking definitions within the bundle and the identifiers that the specification
 * fixes.
 */
#include "feed/formats.h"

#include "feed/json_records.h"
#include "feed/stix_pattern.h"

/* TLP 1.0 markings, STIX 2.1 section 7.2.1.4; TLP 2.0 is defined by the bundle that uses it. */
static const struct {
	struct str id;
	enum tlp tlp;
} fixed_markings[] = {
	{ STR_INIT("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"), TLP_CLEAR },
	{ STR_INIT("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"), TLP_GREEN },
	{ STR_INIT("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"), TLP_AMBER },
	{ STR_INIT("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"), TLP_RED },
};

static struct str text_at(struct json_node node, const char *key)
{
	struct str text;

	return json_str(json_get(node, key), &text) ? text : STR("");
}

/* The TLP that a marking definition gives; false when it is of another kind. */
static bool definition_tlp(struct json_node object, enum tlp *out)
{
	struct json_iterator each = json_each(json_get(object, "extensions"));
	struct json_node value;
	struct str key;

	if (tlp_parse(text_at(json_get(object, "definition"), "tlp"), out))
		return true;
	while (json_next_member(&each, &key, &value)) {
		if (tlp_parse(text_at(value, "tlp_2_0"), out))
			return true;
	}
	return false;
}

static bool marking_tlp(struct json_node objects, struct str id, enum tlp *out)
{
	struct json_iterator each = json_each(objects);
	struct json_node object;

	for (size_t i = 0; i < ARRAY_LEN(fixed_markings); i++) {
		if (str_eq(fixed_markings[i].id, id)) {
			*out = fixed_markings[i].tlp;
			return true;
		}
	}
	while (json_next(&each, &object)) {
		if (str_eq(text_at(object, "type"), STR("marking-definition")) &&
			str_eq(text_at(object, "id"), id))
			return definition_tlp(object, out);
	}
	return false;
}

enum { MARKINGS_MAX = 16 };

/* Markings that were looked up already: bundles have thousands of objects and few markings. */
struct markings {
	struct str id[MARKINGS_MAX];
	enum tlp tlp[MARKINGS_MAX];
	bool is_tlp[MARKINGS_MAX];
	size_t n;
};

static void markings_apply(
	struct markings *markings, struct json_node objects, struct json_node object, enum tlp *tlp)
{
	struct json_iterator each = json_each(json_get(object, "object_marking_refs"));
	struct json_node ref;

	while (json_next(&each, &ref)) {
		struct str id;
		size_t i = 0;

		if (!json_str(ref, &id))
			continue;
		while (i < markings->n && !str_eq(markings->id[i], id))
			i++;
		if (i == MARKINGS_MAX)
			i = markings->n = 0;
		if (i == markings->n) {
			markings->id[i] = id;
			markings->is_tlp[i] = marking_tlp(objects, id, &markings->tlp[i]);
			markings->n++;
		}
		if (markings->is_tlp[i] && markings->tlp[i] > *tlp)
			*tlp = markings->tlp[i];
	}
}

static void confidence_apply(struct json_node object, struct intake_facts *facts)
{
	int64_t value;

	if (json_i64(json_get(object, "confidence"), &value) && value >= 0 && value <= 100)
		facts->confidence = (int16_t)value;
}

static void indicator_offer(struct feed_intake *intake, struct json_node object, enum tlp tlp)
{
	struct intake_facts facts = intake_facts(intake);
	struct stix_item items[STIX_ITEMS_MAX];
	struct str pattern = text_at(object, "pattern");
	struct str language = text_at(object, "pattern_type");
	bool revoked;
	size_t n;

	arena_reset(&intake->arena);
	if (json_bool(json_get(object, "revoked"), &revoked) && revoked) {
		intake_refuse(intake, REFUSED_WITHDRAWN, pattern);
		return;
	}
	if ((language.n > 0 && !str_eq(language, STR("stix"))) ||
		!stix_pattern_parse(pattern, &intake->arena, items, &n)) {
		intake_refuse(intake, REFUSED_PATTERN, pattern);
		return;
	}
	intake_time(intake, text_at(object, "valid_from"), &facts.first_seen_s);
	intake_time(intake, text_at(object, "modified"), &facts.last_seen_s);
	confidence_apply(object, &facts);
	facts.tlp = tlp;
	facts.reference = text_at(object, "name");
	for (size_t i = 0; i < n; i++) {
		facts.type = items[i].type;
		intake_offer(intake, items[i].value, &facts, items[i].value);
	}
}

enum err stix_parse(struct feed_intake *intake, struct why *why)
{
	struct markings markings = { .n = 0 };
	struct json_node root;
	struct json_node object;

	TRY(json_member(intake, &root, why));

	/* some publish the objects alone */
	struct json_node objects = json_type(root) == JSON_ARRAY ? root : json_get(root, "objects");
	struct json_iterator each = json_each(objects);

	if (json_type(objects) != JSON_ARRAY && !str_eq(text_at(root, "type"), STR("bundle")))
		return fail(why, ERR_SYNTAX, "not a STIX bundle: it has no \"objects\"");
	while (json_next(&each, &object)) {
		enum tlp tlp = intake->definition->tlp;

		intake->line++;
		intake->report->lines++;
		if (!str_eq(text_at(object, "type"), STR("indicator"))) {
			intake_comment(intake);
			continue;
		}
		markings_apply(&markings, objects, object, &tlp);
		indicator_offer(intake, object, tlp);
	}
	return OK;
}

bool stix_looks(const struct sniff_sample *sample)
{
	if (sniff_first_byte(sample) == '[')
		return sample_has_key(sample, STR("\"pattern\"")) &&
		       sample_has_key(sample, STR("indicator--"));
	return sniff_first_byte(sample) == '{' && sample_has_key(sample, STR("\"objects\"")) &&
	       (sample_has_key(sample, STR("\"spec_version\"")) ||
		       sample_has_key(sample, STR("\"bundle\"")));
}
