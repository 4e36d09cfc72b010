/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/filter.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "sim/waveform/filter_internal.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

enum oac_status oac_filter_create(const struct oac_filter_spec *spec,
                                  struct oac_filter **filter, struct oac_err *err)
{
    struct oac_filter_design design;
    if (oac_filter_design_init(spec, &design, err))
        return err->status;
    struct oac_filter *self = oac_alloc(1, sizeof *self, "filter", err);
    if (!self)
        goto fail;
    self->real = spec->real;
    self->identity = design.identity;
    self->segment = spec->segment;
    self->memory = design.memory;
    if (!design.identity) {
        if (oac_filter_kernel_blocks(spec, &design, &self->blocks, err))
            goto fail;
        if (design.whole && oac_filter_kernel_whole(spec, &design, &self->whole, err))
            goto fail;
    }
    oac_filter_design_fini(&design);
    *filter = self;
    return OAC_OK;
fail:
    oac_filter_destroy(self);
    oac_filter_design_fini(&design);
    return err->status;
}

enum oac_status oac_filter_find_memory(const struct oac_filter_spec *spec, size_t *memory,
                                       struct oac_err *err)
{
    struct oac_filter_design design;
    if (oac_filter_design_init(spec, &design, err))
        return err->status;
    *memory = design.memory;
    oac_filter_design_fini(&design);
    return OAC_OK;
}

void oac_filter_destroy(struct oac_filter *self)
{
    if (!self)
        return;
    oac_filter_kernel_fini(&self->blocks);
    oac_filter_kernel_fini(&self->whole);
    free(self);
}

bool oac_filter_is_identity(const struct oac_filter *self)
{
    return self->identity;
}

size_t oac_filter_memory(const struct oac_filter *self)
{
    return self->memory;
}

size_t oac_filter_block(const struct oac_filter *self)
{
    return self->whole.block ? self->whole.block : self->blocks.block;
}

/* Reals per array: the complex side of a real transform has 2 (n/2 + 1). */
static size_t room_for(const struct oac_filter *const *filters, size_t count)
{
    size_t block = 1;
    for (size_t i = 0; i < count; i++)
        block = larger(block, larger(filters[i]->blocks.block, filters[i]->whole.block));
    return 2 * (block + 1);
}

enum oac_status oac_filter_scratch_create(const struct oac_filter *const *filters, size_t count,
                                          struct oac_filter_scratch **scratch,
                                          struct oac_err *err)
{
    struct oac_filter_scratch *self = oac_alloc(1, sizeof *self, "filter scratch", err);
    if (!self)
        return err->status;
    self->reals = room_for(filters, count);
    self->input = oac_fft_alloc(self->reals, "filter scratch", err);
    self->work = oac_fft_alloc(self->reals, "filter scratch", err);
    self->carry = oac_fft_alloc(self->reals, "filter scratch", err);
    if (!self->input || !self->work || !self->carry) {
        oac_filter_scratch_destroy(self);
        return err->status;
    }
    *scratch = self;
    return OAC_OK;
}

enum oac_status oac_filter_scratch_fit(const struct oac_filter *const *filters, size_t count,
                                       struct oac_filter_scratch **scratch, struct oac_err *err)
{
    struct oac_filter_scratch *larger_one = NULL;
    if (*scratch && room_for(filters, count) <= (*scratch)->reals)
        return OAC_OK;
    if (oac_filter_scratch_create(filters, count, &larger_one, err))
        return err->status;
    oac_filter_scratch_destroy(*scratch);
    *scratch = larger_one;
    return OAC_OK;
}

void oac_filter_scratch_destroy(struct oac_filter_scratch *self)
{
    if (!self)
        return;
    oac_fft_free(self->input);
    oac_fft_free(self->work);
    oac_fft_free(self->carry);
    free(self);
}
