/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/bench.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "driver/twin/bench_state.h"
#include "sim/waveform/waveform.h"

enum oac_status oac_twin_bench_create(const struct oac_twin_bench_options *options,
                                      struct oac_twin_bench **bench, struct oac_err *err)
{
    const struct oac_rig *rig = options->rig;
    if (rig->receiver.kind != OAC_RECEIVER_TIA)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "rig %s: its receiver needs a gate, which no board's ADC has: the "
                        "virtual bench takes rigs with receiver.kind tia, such as m2k-bench",
                        rig->name);
    struct oac_twin_bench *made = oac_alloc(1, sizeof *made, "a virtual bench", err);
    if (!made)
        return err->status;
    made->boards = options->boards;
    if (oac_waveform_open(rig, options->rig_hash, options->noise, options->seed, NULL,
                          &made->stream, err))
        goto fail;
    if (oac_twin_bench_build(made, rig, err))
        goto fail;
    *bench = made;
    return OAC_OK;
fail:
    oac_twin_bench_destroy(made);
    return err->status;
}

void oac_twin_bench_destroy(struct oac_twin_bench *bench)
{
    if (!bench)
        return;
    if (bench->workspace)
        bench->stream.ops->workspace_destroy(bench->stream.self, bench->workspace);
    for (size_t d = 0; bench->drive && d < bench->shape.drives; d++) {
        free(bench->drive[d].rig);
        free(bench->drive[d].clipped);
    }
    free(bench->drive);
    free(bench->readout);
    free(bench->weight);
    free(bench->client);
    free(bench->pick);
    free(bench->rx);
    oac_stream_close(&bench->stream);
    free(bench);
}

const struct oac_twin_shape *oac_twin_bench_shape(const struct oac_twin_bench *bench)
{
    return &bench->shape;
}

uint32_t oac_twin_bench_per_slot(const struct oac_twin_bench *bench, size_t drive)
{
    return bench->drive[drive].per_slot;
}

uint16_t oac_twin_bench_idle(const struct oac_twin_bench *bench, size_t drive)
{
    return bench->drive[drive].idle;
}

uint16_t oac_twin_bench_zero(const struct oac_twin_bench *bench, size_t board, size_t port)
{
    return bench->zero[board][port];
}

size_t oac_twin_bench_drive(const struct oac_twin_bench *bench, size_t drive, size_t count,
                            const int32_t *code, uint16_t *out)
{
    const struct drive *d = &bench->drive[drive];
    size_t clipped = 0;
    for (size_t i = 0; i < count; i++) {
        size_t c = (size_t)code[i] & (d->codes - 1);
        out[i] = d->rig[c];
        clipped += d->clipped[c];
    }
    return clipped;
}

uint16_t *oac_twin_bench_place(struct oac_twin_bench *bench, size_t drive, size_t slots)
{
    if (drive + 1 == bench->shape.drives)
        return bench->client;
    return bench->weight +
           drive * (slots + 2 * bench->shape.guard_slots) * bench->drive[drive].per_slot;
}

static void to_board(const struct oac_twin_bench *bench, size_t picks, uint16_t *out)
{
    const struct oac_stream_caps *caps = bench->stream.caps;
    for (size_t k = 0; k < bench->shape.readouts; k++) {
        const struct oac_port *port = &caps->link.readout[k];
        const struct readout *readout = &bench->readout[k];
        for (size_t i = 0; i < picks; i++)
            out[k * picks + i] = oac_twin_board_code(
                readout->to, readout->gain,
                port->v0_v + port->lsb_v * (double)bench->rx[k * picks + i]);
    }
}

enum oac_status oac_twin_bench_render(struct oac_twin_bench *bench, uint64_t slot0,
                                      size_t slots, uint16_t *out, struct oac_err *err)
{
    const struct oac_twin_shape *shape = &bench->shape;
    const struct oac_stream_load load = {
        .slots = slots + 2 * shape->guard_slots,
        .rows = shape->readouts,
        .weight = bench->weight,
        .first = shape->guard_slots,
        .count = slots,
    };
    const struct oac_stream_capture capture = {
        .picks = slots * shape->per_slot_readout,
        .pick = bench->pick,
    };
    struct oac_stream_segment segment = {.client = bench->client,
                                         .slot0 = slot0,
                                         .launch = 1.0f,
                                         .capture = &capture,
                                         .rx = bench->rx};
    struct oac_stream_burst burst = {.segments = 1, .segment = &segment};
    struct oac_err ignored;
    if (oac_stream_load(&bench->stream, &load, &segment.handle, err))
        return err->status;
    enum oac_status status = oac_stream_play(&bench->stream, bench->workspace, &burst, err);
    (void)!oac_stream_unload(&bench->stream, segment.handle, &ignored);
    if (status != OAC_OK)
        return status;
    to_board(bench, capture.picks, out);
    return OAC_OK;
}
