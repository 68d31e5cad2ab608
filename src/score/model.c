/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/model.h"

void model_default(struct model *out)
{
	*out = (struct model){ 0 };
	score_model_default(&out->score);
}

void model_done(struct model *model)
{
	score_networks_done(&model->networks);
	arena_done(&model->arena);
	*model = (struct model){ 0 };
}

const struct model_source *model_source_find(const struct model *model, struct str name)
{
	size_t low = 0;
	size_t high = model->source_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_cmp(model->sources[middle].name, name);

		if (order == 0)
			return &model->sources[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
