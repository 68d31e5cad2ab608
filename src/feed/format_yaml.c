/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * YAML documents, mapped like JSON ones: the tree is written as JSON, all scalars as strings, and
 * goes the same way.
 */
#include "feed/formats.h"

#include "base/json_write.h"
#include "feed/json_records.h"
#include "feed/yaml_tree.h"

/* Depth is bounded by YAML_DEPTH_MAX. */
static void node_write(struct json_writer *json, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR) {
		json_put_str(json, node->text);
		return;
	}

	bool is_map = node->kind == YAML_MAP;

	if (is_map)
		json_object_begin(json);
	else
		json_array_begin(json);
	for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
		if (is_map)
			json_key_str(json, child->key);
		node_write(json, child);
	}
	if (is_map)
		json_object_end(json);
	else
		json_array_end(json);
}

enum err yaml_format_parse(struct feed_intake *intake, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf json_text = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct json_writer json = json_writer_on(&json_text);
	struct yaml_node *tree;
	struct json_node root;

	TRY(intake_document(intake, &text, why));
	TRY(yaml_tree_parse(buf_view(&text), &arena, &tree, why));
	node_write(&json, tree);
	TRY(json_document(intake, buf_view(&json_text), &root, why));
	return json_records_offer(intake, root, why);
}

bool yaml_looks(const struct sniff_sample *sample)
{
	size_t hits = 0;

	for (size_t i = 0; i < sample->line_n; i++) {
		struct str line = sample->lines[i];

		hits += str_starts(line, STR("- ")) || str_ends(line, STR(":")) ||
			str_find_str(line, STR(": ")) < line.n;
	}
	return sample->line_n > 2 && hits * 10 >= sample->line_n * 9;
}
