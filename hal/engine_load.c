/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrices of the engine: checked, cut into tiles, encoded, loaded into the link. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/engine_state.h"

static enum oac_status check_spec(const struct oac_engine *engine,
                                  const struct oac_matrix_spec *spec, struct oac_err *err)
{
    const char *name = spec->name ? spec->name : "a matrix";
    if (engine->frozen)
        return oac_fail(
            err, OAC_EINVAL,
            "%s is loaded too late: load every matrix before making scratch buffers, the "
            "schedule is fixed by then",
            name);
    if (spec->rows == 0 || spec->cols == 0 || !spec->w)
        return oac_fail(err, OAC_EINVAL, "%s is empty: %zu rows, %zu columns", name, spec->rows,
                        spec->cols);
    if (!(spec->w_min <= spec->w_max) || !isfinite(spec->w_min) || !isfinite(spec->w_max))
        return oac_fail(err, OAC_EINVAL, "%s: the weight range %g .. %g is not an interval",
                        name, spec->w_min, spec->w_max);
    if (!(spec->x_min < spec->x_max) || !isfinite(spec->x_min) || !isfinite(spec->x_max))
        return oac_fail(err, OAC_EINVAL, "%s: the operand range %g .. %g is not an interval",
                        name, spec->x_min, spec->x_max);
    size_t count;
    if (oac_size_product(spec->rows, spec->cols, name, &count, err))
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(spec->w[i]))
            return oac_fail(err, OAC_EINVAL, "%s: the weight of row %zu, column %zu is %g",
                            name, i / spec->cols, i % spec->cols, (double)spec->w[i]);
    return OAC_OK;
}

/* gain and bias of the operand, by its sign, and the range that the modulator can play. */
static void prepare_operands(struct oac_matrix *matrix, const struct oac_matrix_spec *spec)
{
    const struct oac_code_map *map = &matrix->engine->client;
    const bool offset = matrix->engine->options.encoding == OAC_OFFSET;
    double low = fmin(spec->x_min, 0.0), high = fmax(spec->x_max, 0.0);
    double reach_low, reach_high;
    oac_code_map_reach(map, &reach_low, &reach_high);
    matrix->range.min = offset ? low : 0.0;
    matrix->range.scale = offset ? high - low : fmax(high, -low);
    const double scale = matrix->range.scale;
    matrix->x_signed = !offset && low < 0.0;
    if (offset) {
        oac_code_map_encoding(map, 1.0 / scale, -low / scale, 1.0, &matrix->encoding[0]);
        matrix->x_low = fmax(low, low + reach_low * scale);
        matrix->x_high = fmin(high, low + reach_high * scale);
    } else {
        oac_code_map_encoding(map, 1.0 / scale, 0.0, high / scale, &matrix->encoding[0]);
        oac_code_map_encoding(map, -1.0 / scale, 0.0, -low / scale, &matrix->encoding[1]);
        matrix->x_low = fmax(low, -reach_high * scale);
        matrix->x_high = fmin(high, reach_high * scale);
    }
    const float zero =
        0.0f; /* the kernel's own code of x = 0, so that skipping zeros changes nothing */
    oac_code_kernel()->encode(&matrix->encoding[0], 1, &zero, &matrix->null_code);
}

/* Each row's part of the light at equal transmission: what its gain says. */
static void row_shares(const struct oac_correction *correction, size_t rows, bool differential,
                       double *row_share)
{
    double sum = 0.0;
    for (size_t k = 0; k < rows; k++) {
        const struct oac_calrec_channel *channel = &correction->own[k];
        row_share[k] = channel->gain_code + (differential ? channel->gain_minus_code : 0.0);
        sum += row_share[k];
    }
    for (size_t k = 0; k < rows; k++)
        row_share[k] /= sum;
}

/* Rows of codes, moved to their channels; those between them are parked. In place, so code has room for
 * `lanes` rows. */
static void spread(const struct oac_link_caps *caps, const struct oac_correction *correction,
                   size_t slots, uint16_t *code)
{
    size_t row = correction->rows;
    for (size_t lane = correction->lanes; lane-- > 0 && lane + 1 != row;) {
        uint16_t *to = code + lane * slots;
        if (row > 0 && correction->channel[row - 1] == lane) {
            memcpy(to, code + --row * slots, slots * sizeof *code);
            continue;
        }
        for (size_t n = 0; n < slots; n++)
            to[n] = (uint16_t)caps->weight[lane].code_safe;
    }
}

static enum oac_status load_frame(struct oac_matrix *matrix, struct oac_tile *tile,
                                  unsigned frame, const struct oac_weight_tile *weights,
                                  uint16_t *code, const double *row_share, struct oac_err *err)
{
    struct oac_frame_header *header = &tile->header[frame];
    struct oac_engine *engine = matrix->engine;
    *header = (struct oac_frame_header){
        .matrix = (uint32_t)engine->matrix_count,
        .tile = (uint32_t)(tile - matrix->tile),
        .frame = frame,
        .encoding = engine->options.encoding,
        .differential = engine->options.encoding == OAC_BALANCED,
        .null_x_code = matrix->null_code,
        .rows = tile->rows,
        .slots = tile->cols,
        .w_min = matrix->w_min,
        .w_scale = oac_encoding_w_scale(engine->options.encoding, matrix->w_min, matrix->w_max),
    };
    header->sum_tw = oac_alloc(tile->rows, sizeof *header->sum_tw, "a frame header", err);
    tile->share[frame] = oac_alloc(tile->cols, sizeof **tile->share, "a light budget", err);
    if (!header->sum_tw || !tile->share[frame] ||
        oac_encode_tile(weights, header, code, row_share, tile->share[frame],
                        &engine->clipped_weights, err))
        return err->status;
    spread(engine->link->caps, tile->correction, tile->cols, code);
    const struct oac_weight_frame loaded = {
        .rows = tile->correction->lanes,
        .slots = tile->cols,
        .code = code,
        .null_x_code = matrix->null_code,
        .differential = header->differential,
    };
    return oac_link_load(engine->link, &loaded, &tile->handle[frame], err);
}

/* The engine's correction for tiles of so many rows. */
static enum oac_status need_correction(struct oac_engine *engine, struct oac_tile *tile,
                                       struct oac_err *err)
{
    struct oac_correction **correction = &engine->correction[tile->rows];
    if (!*correction &&
        oac_correction_create(engine->calrec, engine->link->caps->weight, engine->channel,
                              tile->rows, engine->options.encoding == OAC_BALANCED, correction,
                              err))
        return err->status;
    tile->correction = *correction;
    return OAC_OK;
}

static enum oac_status load_tile(struct oac_matrix *matrix, struct oac_tile *tile,
                                 const float *w, struct oac_err *err)
{
    struct oac_engine *engine = matrix->engine;
    const unsigned repeats = engine->options.repeats;
    const struct oac_weight_tile weights = {
        .rows = tile->rows,
        .slots = tile->cols,
        .w = w + tile->row0 * matrix->cols + tile->col0,
        .ldw = matrix->cols,
        .w_min = matrix->w_min,
        .w_max = matrix->w_max,
        .map = engine->weight,
    };
    bool needs_x = false;
    double *row_share = NULL;
    if (need_correction(engine, tile, err))
        return err->status;
    const struct oac_readers readers = {tile->correction->reader,
                                        tile->correction->leak_code_per_x,
                                        oac_curve_floor(&engine->calrec->client)};
    uint16_t *code =
        oac_alloc(tile->correction->lanes, tile->cols * sizeof *code, "weight codes", err);
    if (!code)
        return err->status;
    enum oac_status status = OAC_ENOMEM;
    row_share = oac_alloc(tile->rows, sizeof *row_share, "light shares", err);
    tile->offset = oac_alloc((size_t)matrix->pass_count * repeats, sizeof *tile->offset,
                             "a schedule", err);
    if (!row_share || !tile->offset)
        goto free_code;
    row_shares(tile->correction, tile->rows, engine->options.encoding == OAC_BALANCED,
               row_share);
    tile->frames = oac_encoding_frames(engine->options.encoding);
    for (unsigned frame = 0; frame < tile->frames; frame++)
        if ((status = load_frame(matrix, tile, frame, &weights, code, row_share, err)))
            goto free_code;
    status = oac_decoders_create(tile->header, &readers, &matrix->range, repeats, matrix->pass,
                                 matrix->pass_count, tile->decoder, &needs_x, err);
    matrix->needs_x |= needs_x;
    for (size_t i = 0; !status && i < (size_t)matrix->pass_count * repeats; i++)
        tile->offset[i] = oac_schedule_append(&engine->schedule, tile->cols);
free_code:
    free(row_share);
    free(code);
    return status;
}

static enum oac_status cut_tiles(struct oac_matrix *matrix, struct oac_err *err)
{
    const struct oac_link_caps *caps = matrix->engine->link->caps;
    size_t slots_max =
        caps->slots_max < OAC_ENGINE_SLOTS_MAX ? caps->slots_max : OAC_ENGINE_SLOTS_MAX;
    size_t segments = (matrix->cols + slots_max - 1) / slots_max;
    size_t segment = (matrix->cols + segments - 1) / segments;
    segments = (matrix->cols + segment - 1) / segment;
    const size_t lanes = matrix->engine->usable;
    size_t bands = (matrix->rows + lanes - 1) / lanes;
    size_t count;
    if (oac_size_product(segments, bands, "tiles", &count, err) ||
        !(matrix->tile = oac_alloc(count, sizeof *matrix->tile, "tiles", err)))
        return err->status;
    matrix->tile_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t row0 = i % bands * lanes, col0 = i / bands * segment;
        size_t rows_left = matrix->rows - row0, cols_left = matrix->cols - col0;
        matrix->tile[i].row0 = row0;
        matrix->tile[i].rows = rows_left < lanes ? rows_left : lanes;
        matrix->tile[i].col0 = col0;
        matrix->tile[i].cols = cols_left < segment ? cols_left : segment;
    }
    return OAC_OK;
}

static enum oac_status load_matrix(struct oac_matrix *matrix,
                                   const struct oac_matrix_spec *spec, struct oac_err *err)
{
    const char *name = spec->name ? spec->name : "a matrix";
    if (!(matrix->name = oac_strdup(name, err)))
        return err->status;
    matrix->rows = spec->rows;
    matrix->cols = spec->cols;
    matrix->w_min = spec->w_min;
    matrix->w_max = spec->w_max;
    prepare_operands(matrix, spec);
    matrix->pass_count =
        oac_encoding_passes(matrix->engine->options.encoding, matrix->x_signed, matrix->pass);
    if (cut_tiles(matrix, err))
        return err->status;
    for (size_t i = 0; i < matrix->tile_count; i++)
        if (load_tile(matrix, &matrix->tile[i], spec->w, err))
            return oac_fail_within(err, "%s, tile %zu of %zu", name, i + 1, matrix->tile_count);
    return OAC_OK;
}

enum oac_status oac_engine_load(struct oac_engine *engine, const struct oac_matrix_spec *spec,
                                struct oac_matrix **matrix, struct oac_err *err)
{
    if (check_spec(engine, spec, err))
        return err->status;
    struct oac_matrix **list =
        oac_alloc(engine->matrix_count + 1, sizeof *list, "a list of matrices", err);
    if (!list)
        return err->status;
    struct oac_matrix *made = oac_alloc(1, sizeof *made, "a matrix", err);
    if (!made) {
        free(list);
        return err->status;
    }
    const struct oac_schedule schedule = engine->schedule;
    const uint64_t clipped_weights = engine->clipped_weights;
    made->engine = engine;
    if (load_matrix(made, spec, err)) {
        oac_matrix_destroy(made);
        free(list);
        engine->schedule = schedule;
        engine->clipped_weights = clipped_weights;
        return err->status;
    }
    if (engine->matrix_count)
        memcpy(list, engine->matrix, engine->matrix_count * sizeof *list);
    free(engine->matrix);
    engine->matrix = list;
    engine->matrix[engine->matrix_count++] = made;
    *matrix = made;
    return OAC_OK;
}

void oac_matrix_destroy(struct oac_matrix *matrix)
{
    for (size_t i = 0; i < matrix->tile_count; i++) {
        struct oac_tile *tile = &matrix->tile[i];
        for (unsigned frame = 0; frame < tile->frames; frame++) {
            struct oac_err ignored; /* closing goes on whatever a device says */
            if (tile->handle[frame] &&
                oac_link_unload(matrix->engine->link, tile->handle[frame], &ignored))
                continue;
        }
        for (unsigned frame = 0; frame < OAC_FRAMES_MAX; frame++) {
            free(tile->header[frame].sum_tw);
            free(tile->share[frame]);
        }
        oac_decoders_destroy(tile->decoder, matrix->pass_count);
        free(tile->offset);
    }
    free(matrix->tile);
    free(matrix->name);
    free(matrix);
}
