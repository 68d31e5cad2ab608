/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/target.h"

static enum err decode(
	struct str s, bool plus_is_space, struct arena *arena, struct str *out, struct why *why)
{
	char *bytes = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte = (uint8_t)s.p[i];

		if (byte == '%') {
			if (s.n - i < 3 || !parse_hex(str_from(s.p + i + 1, 2), &byte))
				return fail(why, ERR_SYNTAX,
					"a percent sign is followed by two hexadecimal digits");
			i += 2;
		} else if (byte == '+' && plus_is_space) {
			byte = ' ';
		}
		if (byte == 0)
			return fail(why, ERR_SYNTAX, "a NUL byte in the request target");
		bytes[n++] = (char)byte;
	}
	*out = str_from(bytes, n);
	return OK;
}

static enum err parse_path(
	struct str path, struct arena *arena, struct target *out, struct why *why)
{
	struct str rest = str_from_index(path, 1);

	if (path.n == 0 || path.p[0] != '/')
		return fail(why, ERR_SYNTAX, "the request target begins with a slash");
	if (rest.n == 0)
		return OK;
	while (rest.p != NULL) {
		struct str segment = str_split(&rest, '/');

		if (out->segment_count == TARGET_SEGMENTS_MAX)
			return fail(
				why, ERR_LIMIT, "at most %d path segments", TARGET_SEGMENTS_MAX);
		TRY(decode(segment, false, arena, &out->segments[out->segment_count], why));
		out->segment_count++;
	}
	return OK;
}

static enum err parse_parameters(
	struct str query, struct arena *arena, struct target *out, struct why *why)
{
	struct str rest = query;

	while (rest.p != NULL) {
		struct str part = str_split(&rest, '&');
		size_t equals = str_find(part, '=');
		struct target_parameter *parameter = &out->parameters[out->parameter_count];

		if (part.n == 0)
			continue;
		if (out->parameter_count == TARGET_PARAMETERS_MAX)
			return fail(why, ERR_LIMIT, "at most %d parameters", TARGET_PARAMETERS_MAX);
		TRY(decode(str_first(part, equals), true, arena, &parameter->name, why));
		TRY(decode(str_from_index(part, equals + 1), true, arena, &parameter->value, why));
		if (target_parameter(out, parameter->name) != NULL)
			return fail(why, ERR_SYNTAX, "parameter %.*s is given twice",
				STR_FMT(str_first(parameter->name, 64)));
		out->parameter_count++;
	}
	return OK;
}

enum err target_parse(struct str text, struct arena *arena, struct target *out, struct why *why)
{
	size_t mark = str_find(text, '?');

	*out = (struct target){ 0 };
	if (text.n > TARGET_LENGTH_MAX)
		return fail(why, ERR_LIMIT, "a request target of more than %d bytes",
			TARGET_LENGTH_MAX);
	TRY(parse_path(str_first(text, mark), arena, out, why));
	if (mark < text.n)
		TRY(parse_parameters(str_from_index(text, mark + 1), arena, out, why));
	return OK;
}

const struct str *target_parameter(const struct target *target, struct str name)
{
	for (size_t i = 0; i < target->parameter_count; i++) {
		if (str_eq(target->parameters[i].name, name))
			return &target->parameters[i].value;
	}
	return NULL;
}

static bool is_digits(struct str s)
{
	uint64_t ignored;

	return parse_u64(s, &ignored);
}

bool target_fits(
	const struct target *target, struct str pattern, struct arena *arena, struct str *capture)
{
	struct str rest = str_from_index(pattern, 1);
	size_t i = 0;

	*capture = (struct str){ 0 };
	while (rest.p != NULL && rest.n > 0) {
		struct str part = str_split(&rest, '/');

		if (i == target->segment_count)
			return false;

		struct str segment = target->segments[i++];

		if (part.p[0] != '{') {
			if (!str_eq(part, segment))
				return false;
			continue;
		}
		if (segment.n == 0)
			return false;
		*capture = segment;
		if (str_eq(part, STR("{prefix}")) && i < target->segment_count &&
			is_digits(target->segments[i])) {
			*capture = arena_fmt(
				arena, "%.*s/%.*s", STR_FMT(segment), STR_FMT(target->segments[i]));
			i++;
		}
	}
	return i == target->segment_count;
}
