/* SPDX-License-Identifier: GPL-3.0-or-later */
/* claim_batch_decode: what is taken encodes to the same bytes and can be sorted. */
#include "evidence/claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	struct str bytes = { (const char *)data, size };
	struct why why = { 0 };

	if (claim_batch_decode(bytes, &batch, &why) != OK) {
		must(batch.n == 0 && why.text[0] != '\0');
		return 0;
	}
	claim_batch_encode(&again, &batch);
	must(str_eq(buf_view(&again), bytes));
	claim_batch_sort(&batch);
	return 0;
}
