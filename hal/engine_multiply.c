/* SPDX-License-Identifier: GPL-3.0-or-later */
/* y = W x: encode a chunk of images, play it against every frame, decode as the readouts arrive. */
#include <math.h>

#include "hal/engine_state.h"

static enum oac_status check_scales(const struct oac_matrix *matrix,
                                    const struct oac_multiply *call, struct oac_err *err)
{
    for (size_t b = 0; call->launch && b < call->batch; b++)
        if (!(call->launch[b] > 0.0f) || !isfinite(call->launch[b]))
            return oac_fail(
                err, OAC_EINVAL,
                "%s, image %llu: relative launch power %g; it must be above 0 and finite, or "
                "nothing can be decoded",
                matrix->name, (unsigned long long)(call->image0 + b), (double)call->launch[b]);
    for (size_t b = 0; call->x_scale && b < call->batch; b++)
        if (!(call->x_scale[b] > 0.0f) || !isfinite(call->x_scale[b]))
            return oac_fail(err, OAC_EINVAL,
                            "%s, image %llu: operand scale %g; it must be above 0 and finite",
                            matrix->name, (unsigned long long)(call->image0 + b),
                            (double)call->x_scale[b]);
    return OAC_OK;
}

static enum oac_status check_call(const struct oac_matrix *matrix,
                                  const struct oac_engine_scratch *scratch,
                                  const struct oac_multiply *call, struct oac_err *err)
{
    if (scratch->engine != matrix->engine)
        return oac_fail(err, OAC_EINVAL, "%s: the scratch buffers belong to another engine",
                        matrix->name);
    if (call->batch && ((!call->x && !call->bytes) || !call->y))
        return oac_fail(err, OAC_EINVAL, "%s: no operands or no place for results",
                        matrix->name);
    if (call->x && call->bytes)
        return oac_fail(err, OAC_EINVAL, "%s: operands given twice, as numbers and as bytes",
                        matrix->name);
    if (oac_schedule_check(&matrix->engine->schedule, call->image0, call->batch, err))
        return err->status;
    return check_scales(matrix, call, err);
}

/* A chunk of a call: images first .. first+operands.windows-1 of it. */
struct chunk {
    const struct oac_matrix *matrix;
    struct oac_engine_scratch *scratch;
    const struct oac_multiply *call;
    size_t first;
    uint32_t saturated;
};

/* The readouts of one window as the decoder wants them. */
static const float *correct(const struct chunk *chunk, const struct oac_tile *tile,
                            size_t image, const float *code)
{
    const struct oac_engine_scratch *s = chunk->scratch;
    struct oac_drifted drifted;
    if (s->follower)
        drifted = oac_follower_at(s->follower, &s->engine->schedule,
                                  chunk->call->image0 + image, tile->cols);
    oac_correction_apply(tile->correction, tile->cols, s->follower ? &drifted : NULL, code,
                         s->work, s->fixed);
    return s->fixed;
}

/* Most windows: launch 1, range 1, no need of X. What `constants` would make of them is at hand. */
static bool decode_plain(const struct chunk *chunk, const struct oac_tile *tile, unsigned pass,
                         bool add)
{
    const struct oac_matrix *matrix = chunk->matrix;
    const struct oac_engine_scratch *s = chunk->scratch;
    const struct oac_decoder *decoder = &tile->decoder[pass];
    if (chunk->call->launch || chunk->call->x_scale || matrix->needs_x)
        return false;
    float *y = chunk->call->y + chunk->first * matrix->rows + tile->row0;
    for (size_t b = 0; b < s->operands.windows; b++)
        oac_code_kernel()->decode(tile->rows, s->code + b * tile->rows, decoder->column[0],
                                  decoder->plain, add, y + b * matrix->rows);
    return true;
}

static void decode_windows(const struct chunk *chunk, const struct oac_tile *tile,
                           unsigned pass, bool add)
{
    const struct oac_matrix *matrix = chunk->matrix;
    const struct oac_engine_scratch *s = chunk->scratch;
    const struct oac_multiply *call = chunk->call;
    const struct oac_code_kernel *kernel = oac_code_kernel();
    const struct oac_correction *correction = tile->correction;
    const bool acts = s->follower || oac_correction_acts(correction);
    if (!acts && decode_plain(chunk, tile, pass, add))
        return;
    const double *sum_x = s->operands.sum_x[matrix->pass[pass].x_negative];
    double launch_was = 0.0, x_was = 0.0, power_was = 0.0;
    for (size_t b = 0; b < s->operands.windows; b++) {
        const size_t image = chunk->first + b;
        double launch = call->launch ? (double)call->launch[image] : 1.0;
        double power = call->x_scale ? (double)call->x_scale[image] : 1.0;
        double x = matrix->needs_x ? sum_x[b] : 0.0;
        if (b == 0 || launch != launch_was || x != x_was || power != power_was)
            kernel->constants(tile->rows, (const double *const *)tile->decoder[pass].column,
                              power, launch, x, s->gain, s->zero);
        launch_was = launch;
        x_was = x;
        power_was = power;
        const float *code = s->code + b * correction->lanes;
        if (acts)
            code = correct(chunk, tile, image, code);
        kernel->decode(tile->rows, code, s->gain, s->zero, add,
                       call->y + image * matrix->rows + tile->row0);
    }
}

/* One window of every image of the chunk: a pass of a tile, once. */
static enum oac_status play_window(struct chunk *chunk, const struct oac_tile *tile,
                                   unsigned pass, unsigned repeat, struct oac_err *err)
{
    const struct oac_matrix *matrix = chunk->matrix;
    struct oac_engine *engine = matrix->engine;
    struct oac_engine_scratch *s = chunk->scratch;
    const struct oac_multiply *call = chunk->call;
    const struct oac_operands *operands = &s->operands;
    const struct oac_pass *p = &matrix->pass[pass];
    oac_schedule_slots(&engine->schedule, tile->offset[pass * engine->options.repeats + repeat],
                       call->image0 + chunk->first, operands->windows, s->slot0);
    struct oac_activation_frame frame = {
        .windows = operands->windows,
        .slot0 = s->slot0,
        .launch = call->launch ? call->launch + chunk->first : NULL,
        .unused = tile->correction->unused,
    };
    if (operands->sparse) {
        frame.nz_begin = operands->nz_begin;
        frame.nz_slot = operands->nz_slot;
        frame.nz_code = operands->code[p->x_negative];
    } else {
        frame.code = operands->code[p->x_negative];
    }
    struct oac_readouts readouts = {
        .code = s->code,
        .photons = call->photons ? s->photons : NULL,
        .saturated = &chunk->saturated,
    };
    if (oac_link_play(engine->link, tile->handle[p->frame], s->workspace, &frame, &readouts,
                      err))
        return oac_fail_within(err, "%s", matrix->name);
    decode_windows(chunk, tile, pass, tile->col0 > 0 || pass > 0 || repeat > 0);
    for (size_t b = 0; call->photons && b < operands->windows; b++)
        call->photons[chunk->first + b] += s->photons[b];
    return OAC_OK;
}

/* The operands that a tile's columns take from a chunk. */
static struct oac_operand_source operands_of(const struct chunk *chunk,
                                             const struct oac_tile *tile, size_t windows)
{
    const struct oac_multiply *call = chunk->call;
    const size_t at = chunk->first * chunk->matrix->cols + tile->col0;
    return (struct oac_operand_source){
        .windows = windows,
        .slots = tile->cols,
        .ld = chunk->matrix->cols,
        .x = call->x ? call->x + at : NULL,
        .bytes = call->bytes ? call->bytes + at : NULL,
        .scale = call->byte_scale,
        .x_scale = call->x_scale ? call->x_scale + chunk->first : NULL,
    };
}

static enum oac_status multiply_chunk(struct chunk *chunk, size_t windows, uint64_t *clipped,
                                      struct oac_err *err)
{
    const struct oac_matrix *matrix = chunk->matrix;
    const struct oac_multiply *call = chunk->call;
    const unsigned repeats = matrix->engine->options.repeats;
    if (chunk->scratch->follower &&
        oac_follower_follow(chunk->scratch->follower, &matrix->engine->schedule,
                            call->image0 + chunk->first, windows, chunk->scratch->workspace,
                            err))
        return err->status;
    for (size_t b = 0; call->photons && b < windows; b++)
        call->photons[chunk->first + b] = 0.0;
    for (size_t t = 0; t < matrix->tile_count; t++) {
        const struct oac_tile *tile = &matrix->tile[t];
        const struct oac_operand_source source = operands_of(chunk, tile, windows);
        if ((t == 0 || tile->col0 != matrix->tile[t - 1].col0) &&
            oac_operands_encode(matrix, chunk->scratch, &source, clipped, err))
            return err->status;
        for (unsigned window = 0; window < matrix->pass_count * repeats; window++)
            if (play_window(chunk, tile, window / repeats, window % repeats, err))
                return err->status;
    }
    return OAC_OK;
}

enum oac_status oac_matrix_multiply(const struct oac_matrix *matrix,
                                    struct oac_engine_scratch *scratch,
                                    const struct oac_multiply *call, struct oac_err *err)
{
    if (check_call(matrix, scratch, call, err))
        return err->status;
    struct chunk chunk = {.matrix = matrix, .scratch = scratch, .call = call};
    struct oac_multiply_tally tally = {0};
    while (chunk.first < call->batch) {
        size_t left = call->batch - chunk.first;
        size_t windows = left < scratch->chunk ? left : scratch->chunk;
        chunk.saturated = 0;
        if (multiply_chunk(&chunk, windows, &tally.clipped_operands, err))
            return err->status;
        tally.clipped_readouts += chunk.saturated;
        chunk.first += windows;
    }
    if (call->tally) {
        call->tally->clipped_operands += tally.clipped_operands;
        call->tally->clipped_readouts += tally.clipped_readouts;
    }
    return OAC_OK;
}
