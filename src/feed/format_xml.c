/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * XML documents (clean-mx): the mapping's records name the element that is a record, its columns
 * the elements within. Nothing is offered before the document has ended well. Document types are
 * refused, so there are no entities but the five of XML.
 */
#include "feed/formats.h"

#include <expat.h>

#include "feed/record.h"

enum { XML_DEPTH_MAX = 64 };

struct xml_record {
	struct xml_record *next;
	uint64_t line;
	struct str columns[COLUMN_LIMIT];
};

struct xml {
	const struct feed_mapping *mapping;
	XML_Parser parser;
	struct arena arena;
	struct xml_record *first;
	struct xml_record **last;
	struct xml_record *record; /* the one that is open, NULL outside */
	unsigned depth;            /* within the record */
	unsigned total_depth;
	struct buf text; /* of the element under way */
	const char *refusal;
};

static void xml_stop(struct xml *xml, const char *refusal)
{
	xml->refusal = refusal;
	(void)XML_StopParser(xml->parser, XML_FALSE);
}

static void element_start(void *state, const XML_Char *name, const XML_Char **attributes)
{
	struct xml *xml = state;

	(void)attributes;
	if (++xml->total_depth > XML_DEPTH_MAX) {
		xml_stop(xml, "nested too deep");
		return;
	}
	buf_clear(&xml->text);
	if (xml->record != NULL) {
		xml->depth++;
	} else if (str_eq(str_c(name), xml->mapping->records)) {
		xml->record = arena_new(&xml->arena, struct xml_record);
		xml->record->line = XML_GetCurrentLineNumber(xml->parser);
		xml->depth = 0;
	}
}

/* The alternatives of a column, the first in front. */
static bool column_takes(struct str alternatives, struct str name, bool is_empty)
{
	bool is_first = true;

	while (alternatives.n > 0) {
		if (str_eq(str_split(&alternatives, '|'), name))
			return is_first || is_empty;
		is_first = false;
	}
	return false;
}

static void element_end(void *state, const XML_Char *name)
{
	struct xml *xml = state;
	struct str text = str_trim(buf_view(&xml->text));

	xml->total_depth--;
	if (xml->record == NULL)
		return;
	if (xml->depth == 0) {
		*xml->last = xml->record;
		xml->last = &xml->record->next;
		xml->record = NULL;
		return;
	}
	if (xml->depth-- == 1 && text.n > 0) {
		for (size_t i = 0; i < COLUMN_LIMIT; i++) {
			struct str *column = &xml->record->columns[i];

			if (column_takes(xml->mapping->columns[i], str_c(name), column->n == 0))
				*column = arena_str(&xml->arena, text);
		}
	}
	buf_clear(&xml->text);
}

static void text_take(void *state, const XML_Char *text, int n)
{
	struct xml *xml = state;

	if (xml->record != NULL && xml->text.n < URL_INPUT_MAX)
		buf_put(&xml->text, text, (size_t)n);
}

static void doctype_refuse(void *state, const XML_Char *name, const XML_Char *system_id,
	const XML_Char *public_id, int has_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_subset;
	xml_stop(state, "a document type is declared");
}

/* expat knows UTF-8, UTF-16, ASCII and ISO 8859-1; this is 8859-1 with eight other characters. */
static int encoding_known(void *state, const XML_Char *name, XML_Encoding *out)
{
	static const struct {
		uint8_t byte;
		int character;
	} others[] = { { 0xa4, 0x20ac }, { 0xa6, 0x160 }, { 0xa8, 0x161 }, { 0xb4, 0x17d },
		{ 0xb8, 0x17e }, { 0xbc, 0x152 }, { 0xbd, 0x153 }, { 0xbe, 0x178 } };

	(void)state;
	if (!str_eq_nocase(str_c(name), STR("iso-8859-15")))
		return XML_STATUS_ERROR;
	for (int i = 0; i < 256; i++)
		out->map[i] = i;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		out->map[others[i].byte] = others[i].character;
	out->data = NULL;
	out->convert = NULL;
	out->release = NULL;
	return XML_STATUS_OK;
}

static enum err document_read(struct xml *xml, struct str text, struct why *why)
{
	must(text.n <= INT32_MAX);
	XML_SetUserData(xml->parser, xml);
	XML_SetElementHandler(xml->parser, element_start, element_end);
	XML_SetCharacterDataHandler(xml->parser, text_take);
	XML_SetStartDoctypeDeclHandler(xml->parser, doctype_refuse);
	XML_SetUnknownEncodingHandler(xml->parser, encoding_known, NULL);
	if (XML_Parse(xml->parser, text.p, (int)text.n, XML_TRUE) == XML_STATUS_OK)
		return OK;

	uint64_t line = XML_GetCurrentLineNumber(xml->parser);

	return fail_at(why, ERR_SYNTAX, line, "byte %lld, line %llu: %s",
		(long long)XML_GetCurrentByteIndex(xml->parser), (unsigned long long)line,
		xml->refusal != NULL ? xml->refusal
				     : XML_ErrorString(XML_GetErrorCode(xml->parser)));
}

static void records_offer(struct feed_intake *intake, const struct xml *xml)
{
	for (struct xml_record *from = xml->first; from != NULL; from = from->next) {
		struct feed_record record = { .shown = from->columns[COLUMN_INDICATOR] };

		memcpy(record.columns, from->columns, sizeof record.columns);
		intake->line = from->line;
		intake->report->lines++;
		record_offer(intake, &record);
	}
}

enum err xml_format_parse(struct feed_intake *intake, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct xml xml = { .mapping = intake->mapping };

	TRY(intake_document(intake, &text, why));
	if (intake->mapping->records.n == 0)
		return fail(why, ERR_USAGE, "the definition must name the records' element");
	xml.last = &xml.first;
	xml.parser = XML_ParserCreate(NULL);
	must(xml.parser != NULL);

	enum err code = document_read(&xml, buf_view(&text), why);

	if (code == OK)
		records_offer(intake, &xml);
	XML_ParserFree(xml.parser);
	arena_done(&xml.arena);
	buf_done(&xml.text);
	return code;
}

bool clean_mx_looks(const struct sniff_sample *sample)
{
	return str_starts(str_trim(sample->text), STR("<?xml")) &&
	       sample_has_key(sample, STR("<entries>")) && sample_has_key(sample, STR("<url>"));
}
