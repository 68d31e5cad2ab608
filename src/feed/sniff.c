/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/sniff.h"

#include "feed/lines.h"

void sniff_sample_make(struct sniff_sample *out, struct str name, struct str text, bool is_whole)
{
	*out = (struct sniff_sample){ .name = name, .text = text };
	out->has_nul = str_find(text, '\0') < text.n;

	size_t last = str_find_last(text, '\n');
	struct str rest = is_whole || last == text.n ? text : str_first(text, last);
	struct str line;

	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (line.n == 0)
			continue;
		if (line_is_comment(line) && out->comment_n < SNIFF_LINES_MAX)
			out->comments[out->comment_n++] = line;
		else if (!line_is_comment(line) && out->line_n < SNIFF_LINES_MAX)
			out->lines[out->line_n++] = line;
	}
}

bool sniff_name_ends(const struct sniff_sample *sample, struct str ending)
{
	static const struct str packed[] = { STR_INIT(".gz"), STR_INIT(".xz"), STR_INIT(".zst") };
	struct str name = sample->name;

	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		if (str_ends(name, packed[i])) {
			name.n -= packed[i].n;
			break;
		}
	}
	return name.n > ending.n && name.p[name.n - ending.n - 1] == '.' &&
	       str_eq_nocase(str_from_index(name, name.n - ending.n), ending);
}

char sniff_first_byte(const struct sniff_sample *sample)
{
	struct str text = str_trim(sample->text);

	return text.n == 0 ? '\0' : text.p[0];
}
