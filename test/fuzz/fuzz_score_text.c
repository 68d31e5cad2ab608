/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Policies and models as text: what is taken is written, and that is read as the same again. */
#include "fuzz/fuzz.h"

#include "score/model.h"
#include "score/policy.h"

static void policy_again(struct json_reader *reader, const struct policy *policy)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;
	struct policy again;

	policy_write(&json, policy);
	must(json_parse(reader, buf_view(&text), &root, NULL) == OK);
	must(policy_read(root, &again, NULL) == OK);
	must(memcmp(policy->at, again.at, sizeof again.at) == 0);
	must(policy->block_max == again.block_max);
}

static void model_again(struct json_reader *reader, const struct model *model)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf twice = { 0 };
	CLEANUP(model_done) struct model again = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;

	model_write(&json, model);
	must(json_parse(reader, buf_view(&text), &root, NULL) == OK);
	must(model_read(root, &again, NULL) == OK);
	json = json_writer_on(&twice);
	model_write(&json, &again);
	must(str_eq(buf_view(&text), buf_view(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_reader *reader = json_reader_new();
	struct str text = { (const char *)data, size };
	CLEANUP(model_done) struct model model = { 0 };
	struct policy policy;
	struct json_node root;
	struct why why;

	if (json_parse(reader, text, &root, &why) == OK) {
		enum err err = model_read(root, &model, &why);

		if (policy_read(root, &policy, &why) == OK)
			policy_again(reader, &policy);
		if (err == OK)
			model_again(reader, &model);
	}
	json_reader_free(&reader);
	return 0;
}
