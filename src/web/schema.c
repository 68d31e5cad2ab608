/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/schema.h"
#include "web/list.h"
#include "web/lists.h"

#define VERDICT_FIELDS(absent)                                                                   \
	{ "indicator", absent "string", "What was asked, in its canonical form" },               \
		{ "kind", absent "string", "ip, name or url" },                                  \
		{ "known", absent "boolean", "Is anything known of it?" },                       \
		{ "listed_within", absent "boolean", "Is something smaller within it listed?" }, \
		{ "entry", absent "string?", "The prefix whose entry answers" },                 \
		{ "action", absent "string", "none, watch, challenge, block or allow" },         \
		{ "score", absent "{integer}", "0 to 100 by role: src, dst, policy" },           \
		{ "categories", absent "[string]", "What is claimed (RSIT types and ours)" },    \
		{ "codes", absent "[integer]", "Last octets of the DNS answers 127.0.0.x" },     \
		{ "sources", absent "[string]",                                                  \
			"Sources that claim it and may be named to the caller" },                \
		{ "source_count", absent "integer", "Sources that claim it" },                   \
		{ "first_seen", absent "date?", "First claimed" },                               \
		{ "last_seen", absent "date?", "Last claimed" },                                 \
		{ "until", absent "date?", "When the verdict ends if nothing new is seen" },     \
		{ "generation", absent "integer", "Of the snapshot that answered" },             \
	{                                                                                        \
		"generation_age_s", absent "integer", "Seconds since it was built"               \
	}

#define SNAPSHOT_FIELDS                                                                   \
	{ "generation", "integer", "Its number" },                                        \
		{ "changes", "integer", "Made in place since it was built" },             \
		{ "created_s", "integer", "When it was built, seconds since 1970" },      \
		{ "generation_age_s", "integer", "Seconds since it was built" },          \
		{ "ipv4_entries", "integer", NULL }, { "ipv6_entries", "integer", NULL }, \
		{ "name_entries", "integer", "Names and URLs" },                          \
		{ "verdicts", "integer", "Different verdict records" },                   \
	{                                                                                 \
		"file_bytes", "integer", NULL                                             \
	}

const struct schema schemas[] = {
	{ "Problem",
		{ { "type", "string", "urn:pehra:problem:KIND" },
			{ "title", "string", "The status in words" },
			{ "status", "integer", "The HTTP status" },
			{ "detail", "string", "What is wrong, for people" },
			{ "instance", "string", "urn:pehra:request:ID; the log has the same id" },
			{ "parse_error", "~ParseError", "Where a filter could not be read" } } },
	{ "ParseError",
		{ { "parameter", "string", "The query parameter" },
			{ "from", "integer", "The first byte that was not understood, from 0" },
			{ "length", "integer", "How many bytes" },
			{ "expected", "string", "What would have been understood" } } },
	{ "Verdict",
		{ VERDICT_FIELDS(""), { "claims", "~[Claim]", "With evidence=1" },
			{ "hidden_claims", "~integer", "Claims that the caller may not see" } } },
	{ "Claim",
		{ { "indicator", "string", "What it is about: this, or what holds it" },
			{ "source", "string", "Who claims it" },
			{ "role", "string", "src, dst or policy" }, { "category", "string", NULL },
			{ "tlp", "string", "Its label" },
			{ "confidence", "integer?", "The source's own, 0 to 100" },
			{ "count", "integer", "Events behind it" }, { "first_seen", "time?", NULL },
			{ "last_seen", "time?", NULL }, { "ended", "time?", "null: still claimed" },
			{ "reference", "string", "The source's word for it" } } },
	{ "Explanation",
		{ { "indicator", "string", "As it is judged: an IPv6 host is its /64" },
			{ "known", "boolean", "Is anything claimed about it?" },
			{ "action", "string", "What is answered: rules have the last word" },
			{ "policy_action", "string", "What the score alone would give" },
			{ "score", "{integer}", "By role" },
			{ "until", "time?", "When it ends if nothing new is seen" },
			{ "as_of", "time", "The time that it speaks of" },
			{ "model", "integer", "Version of the model" },
			{ "policy", "integer", "Number of the policy; 0: the built-in one" },
			{ "lang", "string", "Of the texts" },
			{ "plain", "string", "A few sentences for people" },
			{ "rule", "Rule?", "What stands above the score" },
			{ "parts", "[Part]", "Their points add up to the score of their role" },
			{ "sums", "{Sum}", "Of the parts, by role" }, { "doubts", "[Doubt]", NULL },
			{ "around", "Around", NULL }, { "claims", "[Claim]", NULL },
			{ "hidden_claims", "integer", "Claims that the caller may not see" } } },
	{ "Rule", { { "key", "string", "rule.guard.never, rule.override.allow ..." },
			  { "text", "string", NULL },
			  { "list", "~string", "The guard list, to those who may know" },
			  { "indicator", "~string", "What the override is of" },
			  { "override", "~integer", "Its number; this and the rest for operators" },
			  { "owner", "~string", NULL }, { "reason", "~string", NULL },
			  { "ends", "~time?", NULL } } },
	{ "Part", { { "role", "string", NULL },
			  { "key", "string", "part.source, part.near ... or part.hidden" },
			  { "params", "{any}", "What the key speaks of" },
			  { "text", "string", "The same in words" },
			  { "decay", "~number", "1 fresh, 0 gone" },
			  { "evidence", "~[integer]", "Which of claims it stands on, from 0" },
			  { "log_odds", "number", NULL }, { "points", "integer", NULL } } },
	{ "Sum", { { "log_odds", "number", NULL }, { "points", "integer", NULL } } },
	{ "Doubt", { { "key", "string", "doubt.shared ..." }, { "text", "string", NULL } } },
	{ "Around", { { "near", "[Near]", "Others that are active in its neighbourhood" },
			    { "network", "Network?", "What the model knows of its network" } } },
	{ "Near", { { "prefix", "string", NULL }, { "others", "{integer}", "By role" } } },
	{ "Network", { { "asn", "integer?", NULL }, { "listed", "integer", "Then active in it" },
			     { "size", "integer", "Addresses of it" } } },
	{ "OverrideAdded",
		{ { "id", "integer", NULL }, { "state", "string", "in-force or waiting" },
			{ "second_reason", "~string", "Why a second person is needed" },
			{ "shown", "boolean", "Answers show it already" } } },
	{ "OverrideState", { { "id", "integer", NULL }, { "state", "string", NULL },
				   { "shown", "~boolean", "Answers show it already" } } },
	{ "OverrideRevoked", { { "id", "integer", NULL }, { "state", "~string", NULL },
				     { "shown", "boolean", "Answers show it already" } } },
	{ "OverrideDetail", { { "override", "OverrideRow", NULL } } },
	{ "PolicyKept", { { "id", "integer", NULL } } },
	{ "PolicyDetail", { { "policy", "PolicyRow", NULL },
				  { "whole", "any", "All its numbers; see docs/score.md" } } },
	{ "Impact",
		{ { "now", "Actions", "Entries by action" }, { "then", "Actions", NULL },
			{ "listed", "integer", "Entries that would become blocks" },
			{ "unlisted", "integer", "Entries that would no longer be blocks" },
			{ "guards", "integer", "Indicators that guards would hold back" },
			{ "guard_examples", "[any]", NULL }, { "listed_examples", "[any]", NULL },
			{ "unlisted_examples", "[any]", NULL } } },
	{ "Actions", { { "block", "integer", NULL }, { "challenge", "integer", NULL },
			     { "watch", "integer", NULL } } },
	{ "ModelDetail", { { "model", "ModelRow", NULL }, { "report", "~any", "What was learned" },
				 { "parameters", "any", "Without its networks" },
				 { "networks", "integer", "How many it knows" } } },
	{ "ModelRefit", { { "version", "integer", NULL }, { "state", "string", "live or waiting" },
				{ "impact", "~Impact", NULL } } },
	{ "ModelLive", { { "version", "integer", NULL } } },
	{ "PendingDetail",
		{ { "id", "integer", NULL }, { "kind", "string", NULL },
			{ "subject", "string", NULL }, { "summary", "string", NULL },
			{ "raised", "time?", NULL }, { "refreshed", "time?", NULL },
			{ "closed", "time?", NULL }, { "closed_by", "string", NULL },
			{ "outcome", "string", NULL }, { "note", "string", NULL },
			{ "detail", "any", "What its kind needs and people want to see" } } },
	{ "PendingClosed", { { "id", "integer", NULL } } },
	{ "GuardMatch", { { "indicator", "string", NULL },
				{ "verdict", "string", "score, watch (at most), block or allow" },
				{ "guard", "string", "none, note, ask or never" },
				{ "list", "~string", "The guard list, to those who may know" },
				{ "override", "OverrideMatch?", "The closest" } } },
	{ "OverrideMatch", { { "id", "~integer", "For operators" }, { "kind", "string", NULL },
				   { "indicator", "string", NULL } } },
	{ "SourceSet", { { "name", "string", NULL } } },
	{ "FeedDetail",
		{ { "feed", "FeedRow", NULL }, { "refusals", "[Refusal]", "Of its last run" } } },
	{ "Refusal", { { "reason", "string", NULL }, { "count", "integer", "Lines refused for it" },
			     { "line", "integer", "The first of them" },
			     { "sample", "~string", "That line; for operators" } } },
	{ "JobDetail",
		{ { "job", "JobRow", NULL },
			{ "progress", "any", "Keeper's last word while it ran, or null" } } },
	{ "AuditPage", { { "rows", "[AuditEntry]", NULL },
			       { "next_after", "integer?", "after= of the next page" } } },
	{ "AuditEntry", { { "sequence", "integer", NULL }, { "time", "time", NULL },
				{ "actor", "string", NULL }, { "action", "string", NULL },
				{ "subject", "string", NULL }, { "detail", "string", NULL },
				{ "hash", "string", "Over this entry and the hash before it" } } },
	{ "Kept", { { "kept", "boolean", "It is in the store" },
			  { "shown", "boolean", "Answers show it already" } } },
	{ "Accepted", { { "job", "any", "The job as keeper sees it" } } },
	{ "BulkLine", { { "line", "integer", "Of the request, from 1" }, VERDICT_FIELDS("~"),
			      { "error", "~BulkError",
				      "Instead of all else: the line is no address" } } },
	{ "BulkError",
		{ { "kind", "string", "A word such as syntax" }, { "detail", "string", NULL } } },
	{ "Snapshot", { SNAPSHOT_FIELDS } },
	{ "Me", { { "anonymous", "boolean", "No token was shown" },
			{ "token", "string", "The token's id" }, { "owner", "string", NULL },
			{ "permissions", "[string]", "read, report, operate, decide, admin" },
			{ "tlp", "string", "The strictest label the caller may see" },
			{ "address", "string", "Behind trusted proxies" } } },
	{ "Health", { { "status", "string", "ok, degraded or starting" },
			    { "keeper", "boolean", "Are commands possible?" },
			    { "store", "boolean", "Can lists and evidence be read?" },
			    { "snapshot", "Snapshot?", NULL },
			    { "roles", "any", "Each process as the parent sees it" },
			    { "version", "string", NULL } } },
};
const size_t schema_count = ARRAY_LEN(schemas);

static bool is_plain(struct str type)
{
	static const char *const plain[] = { "string", "integer", "number", "boolean" };

	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		if (str_eq(str_c(plain[i]), type))
			return true;
	}
	return false;
}

static void write_plain(struct json_writer *json, struct str type, bool is_nullable)
{
	json_key(json, "type");
	if (is_nullable)
		json_array_begin(json);
	json_put_str(json, type);
	if (is_nullable) {
		json_put_str(json, STR("null"));
		json_array_end(json);
	}
}

static void write_reference(struct json_writer *json, struct str name)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	buf_fmt(&text, "#/components/schemas/%.*s", STR_FMT(name));
	json_field_str(json, "$ref", buf_view(&text));
}

/* Members of a schema object that is open. */
static void write_members(struct json_writer *json, struct str type)
{
	bool is_nullable = type.n > 0 && type.p[type.n - 1] == '?';
	struct str inner;

	type.n -= is_nullable;
	inner = type.n < 2 ? type : str_from(type.p + 1, type.n - 2);
	if (str_eq(type, STR("any")))
		return;
	if (is_plain(type)) {
		write_plain(json, type, is_nullable);
	} else if (str_eq(type, STR("date"))) {
		write_plain(json, STR("string"), is_nullable);
		json_field_str(json, "format", STR("date"));
	} else if (str_eq(type, STR("time"))) {
		write_plain(json, STR("string"), is_nullable);
		json_field_str(json, "format", STR("date-time"));
	} else if (type.p[0] == '[') {
		write_plain(json, STR("array"), is_nullable);
		json_key(json, "items");
		schema_write_type(json, inner);
	} else if (type.p[0] == '{') {
		write_plain(json, STR("object"), is_nullable);
		json_key(json, "additionalProperties");
		schema_write_type(json, inner);
	} else if (is_nullable) {
		json_key(json, "anyOf");
		json_array_begin(json);
		schema_write_type(json, type);
		json_object_begin(json);
		json_field_str(json, "type", STR("null"));
		json_object_end(json);
		json_array_end(json);
	} else {
		write_reference(json, type);
	}
}

void schema_write_type(struct json_writer *json, struct str type)
{
	json_object_begin(json);
	write_members(json, type);
	json_object_end(json);
}

static void write_schema(struct json_writer *json, const struct schema *schema)
{
	json_object_begin(json);
	json_field_str(json, "type", STR("object"));
	json_field_bool(json, "additionalProperties", false);
	json_key(json, "properties");
	json_object_begin(json);
	for (size_t i = 0; i < SCHEMA_FIELDS_MAX && schema->fields[i].name != NULL; i++) {
		struct str type = str_c(schema->fields[i].type);

		json_key(json, schema->fields[i].name);
		json_object_begin(json);
		write_members(json, str_from_index(type, type.p[0] == '~'));
		if (schema->fields[i].summary != NULL)
			json_field_str(json, "description", str_c(schema->fields[i].summary));
		json_object_end(json);
	}
	json_object_end(json);
	json_key(json, "required");
	json_array_begin(json);
	for (size_t i = 0; i < SCHEMA_FIELDS_MAX && schema->fields[i].name != NULL; i++) {
		if (schema->fields[i].type[0] != '~')
			json_put_str(json, str_c(schema->fields[i].name));
	}
	json_array_end(json);
	json_object_end(json);
}

static const char *column_type_name(enum column_type type)
{
	static const char *const names[] = {
		[COLUMN_TEXT] = "string",
		[COLUMN_NUMBER] = "integer?",
		[COLUMN_TIME] = "time?",
		[COLUMN_FLAG] = "boolean",
		[COLUMN_WORDS] = "[string]",
	};

	return names[type];
}

/* "NameRow": no member is required, as fields= chooses among them. */
static void write_row_schema(struct json_writer *json, const struct list *list)
{
	json_object_begin(json);
	json_field_str(json, "type", STR("object"));
	json_field_bool(json, "additionalProperties", false);
	json_key(json, "properties");
	json_object_begin(json);
	for (size_t i = 0; i < list->column_count; i++) {
		const struct column *column = &list->columns[i];

		json_key(json, column->name);
		json_object_begin(json);
		write_members(json, str_c(column_type_name(column->type)));
		if (column->summary != NULL)
			json_field_str(json, "description", str_c(column->summary));
		json_object_end(json);
	}
	json_object_end(json);
	json_object_end(json);
}

/* What web/list.c writes. */
static void write_page_schema(struct json_writer *json, struct str row)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct schema page = { "Page",
		{ { "rows", arena_fmt(&arena, "[%.*sRow]", STR_FMT(row)).p, NULL },
			{ "total", "integer", "Rows that match" },
			{ "total_is_exact", "boolean", "If not, there are at least so many" },
			{ "as_of", "time", "When the first page was read" },
			{ "next", "string?", "The cursor of the next page" } } };

	write_schema(json, &page);
}

bool schema_exists(struct str name)
{
	for (size_t i = 0; i < schema_count; i++) {
		if (str_eq(str_c(schemas[i].name), name))
			return true;
	}
	for (size_t i = 0; i < list_count; i++) {
		struct str list = str_c(lists[i].name);

		if (str_starts(name, list) &&
			(str_eq(str_from_index(name, list.n), STR("Page")) ||
				str_eq(str_from_index(name, list.n), STR("Row"))))
			return true;
	}
	return false;
}

void schemas_write(struct json_writer *json)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	json_object_begin(json);
	for (size_t i = 0; i < schema_count; i++) {
		json_key(json, schemas[i].name);
		write_schema(json, &schemas[i]);
	}
	for (size_t i = 0; i < list_count; i++) {
		json_key_str(json, arena_fmt(&arena, "%sRow", lists[i].name));
		write_row_schema(json, lists[i].list);
		json_key_str(json, arena_fmt(&arena, "%sPage", lists[i].name));
		write_page_schema(json, str_c(lists[i].name));
	}
	json_object_end(json);
}
