/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/yaml_tree.h"

#include <yaml.h>

#include "base/map.h"

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	size_t nodes;
};

static enum err event_next(struct builder *builder, yaml_event_t *event, struct why *why)
{
	if (yaml_parser_parse(&builder->parser, event) == 0)
		return fail_at(why, ERR_SYNTAX, builder->parser.problem_mark.line + 1, "%s",
			builder->parser.problem == NULL ? "not YAML" : builder->parser.problem);
	return OK;
}

static struct yaml_node *node_new(struct builder *builder, enum yaml_kind kind, uint64_t line)
{
	struct yaml_node *node = arena_new(builder->arena, struct yaml_node);

	node->kind = kind;
	node->line = line;
	builder->nodes++;
	return node;
}

static enum err node_build(struct builder *builder, const yaml_event_t *event, unsigned depth,
	struct yaml_node **out, struct why *why);

/* The key of the next member into *key; *more is false at the map's end. */
static enum err key_read(struct builder *builder, struct map *seen, struct str *key, uint64_t *line,
	bool *more, struct why *why)
{
	yaml_event_t event;
	bool is_new = true;

	TRY(event_next(builder, &event, why));
	*more = event.type != YAML_MAPPING_END_EVENT;
	*line = event.start_mark.line + 1;
	if (*more && event.type != YAML_SCALAR_EVENT) {
		yaml_event_delete(&event);
		return fail_at(why, ERR_SYNTAX, *line, "a key that is not a word");
	}
	if (*more)
		*key = arena_str(builder->arena,
			str_from((const char *)event.data.scalar.value, event.data.scalar.length));
	yaml_event_delete(&event);
	if (*more)
		(void)map_add(seen, *key, &is_new);
	if (!is_new)
		return fail_at(why, ERR_SYNTAX, *line, "the key %.*s stands twice",
			STR_FMT(str_first(*key, 64)));
	return OK;
}

static enum err children_build(
	struct builder *builder, struct yaml_node *parent, unsigned depth, struct why *why)
{
	CLEANUP(map_done) struct map seen = { 0 };
	struct yaml_node **slot = &parent->first;

	for (;;) {
		struct str key = STR("");
		uint64_t key_line = 0;
		bool more = true;
		yaml_event_t event;

		if (parent->kind == YAML_MAP)
			TRY(key_read(builder, &seen, &key, &key_line, &more, why));
		if (!more)
			return OK;
		TRY(event_next(builder, &event, why));
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return OK;
		}

		enum err code = node_build(builder, &event, depth, slot, why);

		yaml_event_delete(&event);
		TRY(code);
		(*slot)->key = key;
		(*slot)->key_line = key_line;
		slot = &(*slot)->next;
	}
}

static enum err node_build(struct builder *builder, const yaml_event_t *event, unsigned depth,
	struct yaml_node **out, struct why *why)
{
	uint64_t line = event->start_mark.line + 1;

	if (depth > YAML_DEPTH_MAX)
		return fail_at(why, ERR_LIMIT, line, "nested deeper than %d", YAML_DEPTH_MAX);
	if (builder->nodes >= YAML_NODES_MAX)
		return fail_at(why, ERR_LIMIT, line, "more than %d values", YAML_NODES_MAX);
	if (event->type == YAML_SCALAR_EVENT) {
		*out = node_new(builder, YAML_SCALAR, line);
		(*out)->text =
			arena_str(builder->arena, str_from((const char *)event->data.scalar.value,
							  event->data.scalar.length));
		return OK;
	}
	if (event->type != YAML_SEQUENCE_START_EVENT && event->type != YAML_MAPPING_START_EVENT)
		return fail_at(why, ERR_UNSUPPORTED, line, "aliases are not read");
	*out = node_new(
		builder, event->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST, line);
	return children_build(builder, *out, depth + 1, why);
}

/* Stream start, document start, the value, document end, stream end. */
static enum err document_build(struct builder *builder, struct yaml_node **out, struct why *why)
{
	yaml_event_t event;
	bool is_done = false;

	*out = NULL;
	while (!is_done) {
		enum err code = OK;

		TRY(event_next(builder, &event, why));

		uint64_t line = event.start_mark.line + 1;

		is_done = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT && *out != NULL)
			code = fail_at(why, ERR_UNSUPPORTED, line, "a second document");
		else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT ||
			 event.type == YAML_SEQUENCE_START_EVENT ||
			 event.type == YAML_MAPPING_START_EVENT)
			code = node_build(builder, &event, 0, out, why);
		yaml_event_delete(&event);
		TRY(code);
	}
	if (*out == NULL)
		*out = node_new(builder, YAML_MAP, 1);
	return OK;
}

enum err yaml_tree_parse(
	struct str text, struct arena *arena, struct yaml_node **out, struct why *why)
{
	struct builder builder = { .arena = arena };

	must(yaml_parser_initialize(&builder.parser) == 1);
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&builder.parser, (const unsigned char *)(text.n == 0 ? "" : text.p), text.n);

	enum err code = document_build(&builder, out, why);

	yaml_parser_delete(&builder.parser);
	return code;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, struct str key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml_node *node = map->first; node != NULL; node = node->next) {
		if (str_eq(node->key, key))
			return node;
	}
	return NULL;
}
