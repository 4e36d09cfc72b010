/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a rig and a board profile to the tables of a virtual bench. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/twin/bench_state.h"

static const char *const part_names[] = {[OAC_BENCH_WEIGHT] = "weight",
                                         [OAC_BENCH_CLIENT] = "client",
                                         [OAC_BENCH_READOUT] = "readout"};

static int32_t codes_of(const struct oac_board_port *port)
{
    return (int32_t)1 << port->codec.bits;
}

uint16_t oac_twin_board_code(const struct oac_board_port *port, double gain, double v)
{
    double code = rint((v / gain - port->v0_v) / port->lsb_v);
    double last = (double)(codes_of(port) - 1);
    if (!(code > 0.0)) /* a code that is not a number too */
        return 0;
    return (uint16_t)(code < last ? code : last);
}

static uint16_t rig_code(const struct oac_port *port, double v, uint8_t *clipped)
{
    double code = rint((v - port->v0_v) / port->lsb_v);
    *clipped = 1;
    if (!(code >= (double)port->code_min))
        return (uint16_t)port->code_min;
    if (code > (double)port->code_max)
        return (uint16_t)port->code_max;
    *clipped = 0;
    return (uint16_t)code;
}

static enum oac_status drive_make(const char *board, const struct oac_board_port *from,
                                  double gain, const struct oac_port *port, uint32_t per_slot,
                                  struct drive *drive, struct oac_err *err)
{
    uint8_t ignored;
    if (from->codec.bits > 16)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "board %s, port %s: %u bits: the virtual bench "
                        "has converters of at most 16",
                        board, from->name, from->codec.bits);
    drive->port = port;
    drive->per_slot = per_slot;
    drive->codes = (size_t)codes_of(from);
    drive->rig = oac_alloc(drive->codes, sizeof *drive->rig, "a virtual DAC", err);
    if (!drive->rig)
        return err->status;
    drive->clipped = oac_alloc(drive->codes, 1, "a virtual DAC", err);
    if (!drive->clipped)
        return err->status;
    for (size_t c = 0; c < drive->codes; c++)
        drive->rig[c] =
            rig_code(port, gain * (from->v0_v + from->lsb_v * (double)c), &drive->clipped[c]);
    drive->idle = rig_code(port, from->safe_v, &ignored);
    return OAC_OK;
}

/* The port of a part's n-th channel: by the rig's list of names, or else, on an only board, `skip` ports after
 * the first of its direction. */
static enum oac_status port_find(const struct oac_twin_bench *bench, const struct oac_rig *rig,
                                 enum oac_bench_part part, const char *list, size_t n,
                                 size_t skip, struct oac_bench_port *found, struct oac_err *err)
{
    const struct oac_board *board = &bench->boards->board[0].profile;
    size_t left = n + skip;
    if (list[0] || bench->boards->count > 1)
        return oac_bench_port_find(rig, bench->boards, part, n, found, err);
    for (size_t p = 0; p < board->ports; p++)
        if (board->port[p].output == (part != OAC_BENCH_READOUT) && left-- == 0) {
            *found = (struct oac_bench_port){0, &board->port[p]};
            return OAC_OK;
        }
    return oac_fail(err, OAC_EMISMATCH,
                    "board %s has no port for %s %zu: name one in the rig's iio section, or "
                    "take a rig with fewer channels or another board",
                    board->name, part_names[part], n);
}

/* Which of its own rates the board runs at for the rig's, and what it multiplies volts by there. */
static enum oac_status rate_find(const char *board, const struct oac_board_port *port,
                                 double rate_hz, double *real_hz, double *gain,
                                 struct oac_err *err)
{
    const size_t i = oac_board_rate_find(port, rate_hz);
    *gain = i < port->rates && port->rate_gain[i] > 0.0 ? port->rate_gain[i] : 1.0;
    *real_hz = i < port->rates ? port->rate_hz[i] : rate_hz;
    if (i < port->rates || port->rates == 0)
        return OAC_OK;
    return oac_fail(err, OAC_EMISMATCH,
                    "board %s, port %s does not convert at the rig's %g Hz (slot_rate_hz times "
                    "samples_per_slot), but at %g Hz and others: oac rig check names the keys",
                    board, port->name, rate_hz, port->rate_hz[0]);
}

static enum oac_status bind(struct oac_twin_bench *bench, enum oac_bench_part part, size_t n,
                            const struct oac_bench_port *at, const struct oac_port *port,
                            double *gain, struct oac_err *err)
{
    const struct oac_board *board = &bench->boards->board[at->board].profile;
    struct oac_twin_ports *ports = &bench->shape.board[at->board];
    const size_t p = (size_t)(at->port - board->port);
    const char *role = part_names[part];
    double real_hz;
    if (ports->drive_of[p] != OAC_TWIN_UNBOUND || ports->readout_of[p] != OAC_TWIN_UNBOUND)
        return oac_fail(err, OAC_EMISMATCH,
                        "board %s, port %s is given to two roles, one %s %zu", board->name,
                        at->port->name, role, n);
    if (at->port->iq != port->iq)
        return oac_fail(err, OAC_EMISMATCH,
                        "board %s, port %s %s, the rig's %s %zu %s: set or clear "
                        "subcarrier.carrier_hz",
                        board->name, at->port->name,
                        at->port->iq ? "carries I and Q" : "is one real voltage", role, n,
                        port->iq ? "carries I and Q" : "is one real voltage");
    if (part == OAC_BENCH_READOUT)
        ports->readout_of[p] = n;
    else
        ports->drive_of[p] = part == OAC_BENCH_WEIGHT ? n : bench->shape.readouts;
    if (rate_find(board->name, at->port, port->rate_hz, &real_hz, gain, err))
        return err->status;
    for (size_t q = 0; q < board->ports; q++) /* a device has one rate */
        if (strcmp(board->port[q].device, at->port->device) == 0) {
            ports->rate_hz[q] = real_hz;
            ports->pace[q] = real_hz / port->rate_hz;
        }
    if (part == OAC_BENCH_WEIGHT && n == 0)
        bench->shape.pace = ports->pace[p];
    return OAC_OK;
}

/* Weight n, or behind them all the client. */
static enum oac_status bind_drive(struct oac_twin_bench *bench, const struct oac_rig *rig,
                                  size_t n, struct oac_err *err)
{
    const struct oac_stream_caps *caps = bench->stream.caps;
    const bool client = n == bench->shape.readouts;
    const enum oac_bench_part part = client ? OAC_BENCH_CLIENT : OAC_BENCH_WEIGHT;
    const struct oac_port *port = client ? caps->link.client : &caps->link.weight[n];
    const size_t of_part = client ? 0 : n;
    struct oac_bench_port at;
    double gain;
    if (port_find(bench, rig, part, client ? rig->iio.client_port : rig->iio.weight_ports,
                  of_part, client ? n : 0, &at, err) ||
        bind(bench, part, of_part, &at, port, &gain, err))
        return err->status;
    return drive_make(bench->boards->board[at.board].profile.name, at.port, gain, port,
                      client ? caps->client_samples_per_slot : caps->weight_samples_per_slot,
                      &bench->drive[n], err);
}

static enum oac_status bind_all(struct oac_twin_bench *bench, const struct oac_rig *rig,
                                struct oac_err *err)
{
    struct oac_bench_port at;
    for (size_t d = 0; d < bench->shape.drives; d++)
        if (bind_drive(bench, rig, d, err))
            return err->status;
    for (size_t k = 0; k < bench->shape.readouts; k++) {
        struct readout *readout = &bench->readout[k];
        if (port_find(bench, rig, OAC_BENCH_READOUT, rig->iio.readout_ports, k, 0, &at, err) ||
            bind(bench, OAC_BENCH_READOUT, k, &at, &bench->stream.caps->link.readout[k],
                 &readout->gain, err))
            return err->status;
        readout->to = at.port;
    }
    return OAC_OK;
}

static void shape_make(struct oac_twin_bench *bench)
{
    const struct oac_stream_caps *caps = bench->stream.caps;
    struct oac_twin_shape *shape = &bench->shape;
    shape->drives = caps->link.channels + 1;
    shape->readouts = caps->link.channels;
    shape->per_slot_readout = caps->readout_samples_per_slot;
    shape->values = caps->link.readout[0].iq ? 2 : 1;
    shape->guard_slots = (size_t)caps->memory_slots + caps->delay_slots_max;
    shape->stretch_slots_max = caps->segment_slots_max - 2 * shape->guard_slots;
    for (size_t b = 0; b < bench->boards->count; b++) {
        const struct oac_board *board = &bench->boards->board[b].profile;
        struct oac_twin_ports *ports = &shape->board[b];
        for (size_t p = 0; p < board->ports; p++) {
            const struct oac_board_port *port = &board->port[p];
            ports->drive_of[p] = ports->readout_of[p] = OAC_TWIN_UNBOUND;
            ports->rate_hz[p] = port->rates > 0 ? port->rate_hz[0] : 1.0;
            ports->pace[p] = 1.0;
            bench->zero[b][p] = oac_twin_board_code(port, 1.0, 0.0);
        }
    }
}

static enum oac_status memory_take(struct oac_twin_bench *bench, struct oac_err *err)
{
    const struct oac_stream_caps *caps = bench->stream.caps;
    const struct oac_twin_shape *shape = &bench->shape;
    size_t slots = caps->segment_slots_max, samples, all, picks, read;
    if (oac_size_product(slots, caps->weight_samples_per_slot, "a stretch", &samples, err) ||
        oac_size_product(samples, shape->readouts, "a stretch", &all, err) ||
        oac_size_product(shape->stretch_slots_max, shape->per_slot_readout, "a stretch", &picks,
                         err) ||
        oac_size_product(picks, shape->readouts, "a stretch", &read, err))
        return err->status;
    bench->weight = oac_alloc(all, sizeof *bench->weight, "a stretch", err);
    if (!bench->weight)
        return err->status;
    bench->client = oac_alloc(slots * caps->client_samples_per_slot, sizeof *bench->client,
                              "a stretch", err);
    if (!bench->client)
        return err->status;
    bench->pick = oac_alloc(picks, sizeof *bench->pick, "a stretch", err);
    if (!bench->pick)
        return err->status;
    for (size_t i = 0; i < picks; i++)
        bench->pick[i] = (uint32_t)(shape->guard_slots * shape->per_slot_readout + i);
    bench->rx = oac_alloc(read, sizeof *bench->rx, "a stretch", err);
    return bench->rx ? OAC_OK : err->status;
}

static enum oac_status workspace_take(struct oac_twin_bench *bench, struct oac_err *err)
{
    bench->workspace = bench->stream.ops->workspace_create(bench->stream.self, err);
    return bench->workspace ? OAC_OK : err->status;
}

static enum oac_status tables_take(struct oac_twin_bench *bench, struct oac_err *err)
{
    bench->drive = oac_alloc(bench->shape.drives, sizeof *bench->drive, "virtual DACs", err);
    if (!bench->drive)
        return err->status;
    bench->readout =
        oac_alloc(bench->shape.readouts, sizeof *bench->readout, "virtual ADCs", err);
    return bench->readout ? OAC_OK : err->status;
}

enum oac_status oac_twin_bench_build(struct oac_twin_bench *bench, const struct oac_rig *rig,
                                     struct oac_err *err)
{
    shape_make(bench);
    if (tables_take(bench, err) || bind_all(bench, rig, err) || memory_take(bench, err) ||
        workspace_take(bench, err))
        return err->status;
    return OAC_OK;
}
