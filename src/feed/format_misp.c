/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MISP events: {"Event": ...}, a search result {"response": [...]}, or an array of events. Claims
 * are attributes, also those within objects, that are meant for detection (to_ids) and not deleted.
 * ip-src is a source of attacks and ip-dst a destination, whatever the definition says. Of a
 * domain|ip pair the domain is claimed: shared hosting makes the address a bystander.
 */
#include "feed/formats.h"

#include "feed/json_records.h"

static const struct {
	struct str type;
	bool takes_second; /* of "a|b" */
	enum text_type as;
	int role; /* enum role; -1: the definition's */
} types[] = {
	{ STR_INIT("ip-src"), false, TEXT_IP, ROLE_SOURCE },
	{ STR_INIT("ip-dst"), false, TEXT_IP, ROLE_DESTINATION },
	{ STR_INIT("ip-src|port"), false, TEXT_IP, ROLE_SOURCE },
	{ STR_INIT("ip-dst|port"), false, TEXT_IP, ROLE_DESTINATION },
	{ STR_INIT("domain"), false, TEXT_NAME, -1 },
	{ STR_INIT("hostname"), false, TEXT_NAME, -1 },
	{ STR_INIT("hostname|port"), false, TEXT_NAME, -1 },
	{ STR_INIT("domain|ip"), false, TEXT_NAME, -1 },
	{ STR_INIT("url"), false, TEXT_URL, -1 },
	{ STR_INIT("uri"), false, TEXT_URL, -1 },
	{ STR_INIT("link"), false, TEXT_URL, -1 },
	{ STR_INIT("md5"), false, TEXT_HASH, -1 },
	{ STR_INIT("sha1"), false, TEXT_HASH, -1 },
	{ STR_INIT("sha224"), false, TEXT_HASH, -1 },
	{ STR_INIT("sha256"), false, TEXT_HASH, -1 },
	{ STR_INIT("sha384"), false, TEXT_HASH, -1 },
	{ STR_INIT("sha512"), false, TEXT_HASH, -1 },
	{ STR_INIT("filename|md5"), true, TEXT_HASH, -1 },
	{ STR_INIT("filename|sha1"), true, TEXT_HASH, -1 },
	{ STR_INIT("filename|sha256"), true, TEXT_HASH, -1 },
	{ STR_INIT("filename|sha512"), true, TEXT_HASH, -1 },
	{ STR_INIT("AS"), false, TEXT_ASN, -1 },
};

static struct str text_at(struct json_node node, const char *key)
{
	struct str text;

	return json_str(json_get(node, key), &text) ? text : STR("");
}

static bool is_true(struct json_node node)
{
	bool value = false;
	int64_t number = 0;
	struct str text = STR("");

	return (json_bool(node, &value) && value) || (json_i64(node, &number) && number == 1) ||
	       (json_str(node, &text) && str_eq(text, STR("1")));
}

/* The strictest "tlp:..." among an object's tags. */
static void tags_apply(struct json_node owner, enum tlp *tlp)
{
	struct json_iterator each = json_each(json_get(owner, "Tag"));
	struct json_node tag;
	enum tlp found;

	while (json_next(&each, &tag)) {
		struct str name = text_at(tag, "name");

		if (str_starts_nocase(name, STR("tlp:")) && tlp_parse(name, &found) && found > *tlp)
			*tlp = found;
	}
}

static struct str value_part(struct str value, struct str type, bool takes_second)
{
	size_t bar = str_find(value, '|');

	if (str_find(type, '|') == type.n || bar == value.n)
		return value;
	return takes_second ? str_from_index(value, bar + 1) : str_first(value, bar);
}

static void attribute_offer(
	struct feed_intake *intake, struct json_node attribute, const struct intake_facts *event)
{
	struct intake_facts facts = *event;
	struct str type = text_at(attribute, "type");
	struct str value = text_at(attribute, "value");
	size_t i = 0;

	intake->line++;
	intake->report->lines++;
	while (i < ARRAY_LEN(types) && !str_eq(types[i].type, type))
		i++;
	if (i == ARRAY_LEN(types)) {
		intake_refuse(intake, REFUSED_KIND, type);
		return;
	}
	if (is_true(json_get(attribute, "deleted")) || !is_true(json_get(attribute, "to_ids"))) {
		intake_refuse(intake, REFUSED_WITHDRAWN, value);
		return;
	}
	facts.type = types[i].as;
	if (types[i].role != -1)
		facts.role = (enum role)types[i].role;
	tags_apply(attribute, &facts.tlp);
	intake_time(intake, text_at(attribute, "first_seen"), &facts.first_seen_s);
	intake_time(intake, text_at(attribute, "last_seen"), &facts.last_seen_s);
	if (facts.last_seen_s == 0)
		intake_time(intake, text_at(attribute, "timestamp"), &facts.last_seen_s);
	intake_offer(intake, value_part(value, type, types[i].takes_second), &facts, value);
}

static void attributes_offer(
	struct feed_intake *intake, struct json_node owner, const struct intake_facts *event)
{
	struct json_iterator each = json_each(json_get(owner, "Attribute"));
	struct json_node attribute;

	while (json_next(&each, &attribute))
		attribute_offer(intake, attribute, event);
}

static bool event_offer(struct feed_intake *intake, struct json_node node)
{
	struct json_node event = json_get(node, "Event");
	struct intake_facts facts = intake_facts(intake);
	struct json_node object;

	if (json_type(event) != JSON_OBJECT)
		event = node;
	if (json_type(json_get(event, "info")) == JSON_ABSENT &&
		json_type(json_get(event, "Attribute")) == JSON_ABSENT)
		return false;
	tags_apply(event, &facts.tlp);
	facts.reference = text_at(event, "info");
	attributes_offer(intake, event, &facts);

	struct json_iterator each = json_each(json_get(event, "Object"));

	while (json_next(&each, &object)) {
		if (!is_true(json_get(object, "deleted")))
			attributes_offer(intake, object, &facts);
	}
	return true;
}

/* A MISP feed's own lists beside its events. */
static bool name_is_companion(struct str name)
{
	/* an ending of a compression may follow */
	return str_find_str(name, STR("manifest.json")) < name.n ||
	       str_find_str(name, STR("hashes.csv")) < name.n;
}

enum err misp_parse(struct feed_intake *intake, struct why *why)
{
	struct json_node root;
	struct json_node node;

	if (name_is_companion(input_name(intake->input))) {
		intake_comment(intake);
		return OK;
	}
	TRY(json_member(intake, &root, why));

	struct json_node list = json_type(root) == JSON_ARRAY ? root : json_get(root, "response");
	struct json_iterator each = json_each(list);

	if (json_type(list) != JSON_ARRAY) {
		if (!event_offer(intake, root))
			return fail(why, ERR_SYNTAX, "not a MISP event");
		return OK;
	}
	while (json_next(&each, &node)) {
		if (!event_offer(intake, node))
			intake_refuse(intake, REFUSED_EMPTY, STR("an element without Event"));
	}
	return OK;
}

/* A line of hashes.csv: the MD5 of some value and the event it stands in; no hash of a file. */
static bool hashes_looks(const struct sniff_sample *sample)
{
	struct str line = sample->line_n == 0 ? STR("") : sample->lines[0];
	struct str hash = str_split(&line, ',');

	return name_is_companion(sample->name) && hash.n == 32 && line.n == 36;
}

bool misp_looks(const struct sniff_sample *sample)
{
	bool has_attributes = sample_has_key(sample, STR("\"Attribute\"")) &&
			      (sample_has_key(sample, STR("\"response\"")) ||
				      sample_has_key(sample, STR("\"to_ids\"")));
	bool is_manifest =
		name_is_companion(sample->name) && sample_has_key(sample, STR("\"Orgc\""));

	if (hashes_looks(sample))
		return true;
	return json_looks(sample) &&
	       (has_attributes || is_manifest || sample_has_key(sample, STR("\"Event\"")));
}
