/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/catalogue_int.h"

#include "base/io.h"
#include "evidence/query.h"
#include "guard/rules.h"

void catalogue_done(struct feed_catalogue *catalogue)
{
	free(catalogue->feeds);
	arena_done(&catalogue->arena);
	*catalogue = (struct feed_catalogue){ 0 };
}

static size_t index_of(const struct feed_definition *feeds, size_t n, struct str name)
{
	size_t i = 0;

	while (i < n && !str_eq(feeds[i].name, name))
		i++;
	return i;
}

const struct feed_definition *catalogue_find(
	const struct feed_catalogue *catalogue, struct str name)
{
	size_t i = index_of(catalogue->feeds, catalogue->n, name);

	return i < catalogue->n ? &catalogue->feeds[i] : NULL;
}

/* What only the whole entry shows. */
static enum err feed_check(
	const struct feed_definition *feed, const struct yaml_node *node, struct why *why)
{
	bool is_both =
		yaml_get(node, STR("off")) != NULL && feed->off_reason.n > 0 && feed->is_enabled;

	if (feed->url.n > 0 && feed->file.n > 0)
		return refuse(node, "%.*s has a url and a file", STR_FMT(feed->name));
	if (is_both)
		return refuse(node, "%.*s says why it is off, and is on", STR_FMT(feed->name));
	if (feed->expected_max != 0 && feed->expected_max < feed->expected_min)
		return refuse(node, "%.*s expects at most less than at least", STR_FMT(feed->name));
	if (feed->rule != GUARD_NONE && feed->purpose != PURPOSE_GUARD)
		return refuse(
			node, "%.*s has a guard's policy, and is no guard", STR_FMT(feed->name));
	return OK;
}

static struct feed_definition *feed_slot(struct feed_catalogue *catalogue, struct str name)
{
	size_t i = index_of(catalogue->feeds, catalogue->n, name);

	if (i < catalogue->n)
		return &catalogue->feeds[i];
	if (catalogue->n == catalogue->capacity) {
		catalogue->capacity = catalogue->capacity == 0 ? 64 : catalogue->capacity * 2;
		catalogue->feeds = reallocarray(
			catalogue->feeds, catalogue->capacity, sizeof *catalogue->feeds);
		must(catalogue->feeds != NULL);
	}
	catalogue->feeds[catalogue->n] = feed_definition_default(name);
	return &catalogue->feeds[catalogue->n++];
}

/* seen holds the feeds of this file so far: a name may stand in it once. */
static enum err feed_read_entry(struct feed_catalogue *catalogue, const struct yaml_node *node,
	struct str folder, struct feed_catalogue *seen, struct why *why)
{
	const struct yaml_node *name = yaml_get(node, STR("name"));

	if (name == NULL || !feed_name_is_valid(name->text))
		return refuse(node, "a feed needs a name of lower-case letters, digits, hyphens");
	if (catalogue_find(seen, name->text) != NULL)
		return refuse(name, "%.*s stands twice", STR_FMT(name->text));
	if (catalogue->n >= CATALOGUE_FEEDS_MAX)
		return fail_at(
			why, ERR_LIMIT, node->line, "more than %d feeds", CATALOGUE_FEEDS_MAX);
	(void)feed_slot(seen, name->text);

	struct catalogue_entry entry = { feed_slot(catalogue, name->text), &catalogue->arena,
		folder };

	for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
		TRY(catalogue_field_set(&entry, child, why));
	if (entry.feed->purpose == PURPOSE_GUARD && entry.feed->rule == GUARD_NONE)
		entry.feed->rule = GUARD_ASK;
	return feed_check(entry.feed, node, why);
}

static enum err tree_read(struct feed_catalogue *catalogue, const struct yaml_node *root,
	struct str folder, struct feed_catalogue *seen, struct why *why)
{
	const struct yaml_node *feeds = yaml_get(root, STR("feeds"));

	if (root->kind != YAML_MAP)
		return refuse(root, "a catalogue holds only \"feeds:\"");
	for (const struct yaml_node *node = root->first; node != NULL; node = node->next) {
		if (node != feeds)
			return fail_at(why, ERR_SYNTAX, node->key_line,
				"a catalogue holds only \"feeds:\"");
	}
	if (feeds == NULL)
		return OK;
	/* "feeds:" with nothing behind it */
	if (feeds->kind != YAML_LIST && (feeds->kind != YAML_SCALAR || feeds->text.n > 0))
		return refuse(feeds, "\"feeds:\" is a list");
	for (const struct yaml_node *node = feeds->first; node != NULL; node = node->next)
		TRY(feed_read_entry(catalogue, node, folder, seen, why));
	return OK;
}

static void name_prefix(struct why *why, struct str name)
{
	struct why inner;

	if (why == NULL)
		return;
	inner = *why;
	why_set(why, inner.code, inner.line, "%.*s:%llu: %.160s", STR_FMT(str_first(name, 64)),
		(unsigned long long)inner.line, inner.text);
}

enum err catalogue_parse(struct feed_catalogue *catalogue, struct str yaml, struct str name,
	struct str folder, struct why *why)
{
	struct feed_catalogue seen = { 0 };
	struct yaml_node *root;
	size_t before = catalogue->n;
	struct feed_definition *saved = calloc(before + 1, sizeof *saved);

	must(saved != NULL);
	if (before > 0)
		memcpy(saved, catalogue->feeds, before * sizeof *saved);

	enum err code = yaml_tree_parse(yaml, &catalogue->arena, &root, why);

	if (code == OK)
		code = tree_read(catalogue, root, arena_str(&catalogue->arena, folder), &seen, why);
	if (code != OK) {
		/* nothing of a file with a mistake is taken */
		if (before > 0)
			memcpy(catalogue->feeds, saved, before * sizeof *saved);
		catalogue->n = before;
		name_prefix(why, name);
	}
	free(saved);
	catalogue_done(&seen);
	return code;
}

enum err catalogue_load(struct feed_catalogue *catalogue, const char *path, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	const char *slash = strrchr(path, '/');
	struct str folder = slash == NULL ? STR(".") : str_from(path, (size_t)(slash - path));

	TRY(file_read(path, CATALOGUE_BYTES_MAX, &text, why));
	return catalogue_parse(
		catalogue, buf_view(&text), str_c(slash == NULL ? path : slash + 1), folder, why);
}
