/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a rig and a board profile to the tables of a virtual bench. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/twin/bench_state.h"

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

static enum oac_status drive_make(const struct oac_board *board, size_t p, double gain,
                                  const struct oac_port *port, uint32_t per_slot,
                                  struct drive *drive, struct oac_err *err)
{
    const struct oac_board_port *from = &board->port[p];
    uint8_t ignored;
    if (from->codec.bits > 16)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "board %s, port %s: %u bits: the virtual bench "
                        "has converters of at most 16",
                        board->name, from->name, from->codec.bits);
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

/* The n-th word of a list with commas between them; false when there are fewer. */
static bool word_of(const char *list, size_t n, char word[OAC_BOARD_NAME_BYTES])
{
    for (; n > 0; n--) {
        list = strchr(list, ',');
        if (!list)
            return false;
        list++;
    }
    list += strspn(list, " ");
    size_t bytes = strcspn(list, ", ");
    if (bytes == 0 || bytes >= OAC_BOARD_NAME_BYTES)
        return false;
    memcpy(word, list, bytes);
    word[bytes] = '\0';
    return true;
}

/* The port of the n-th of a role's channels: by the rig's list of names, or else `skip` ports
 * after the first of
 * its direction. board->ports when there is none. */
static size_t port_of(const struct oac_board *board, bool output, const char *list, size_t n,
                      size_t skip)
{
    char name[OAC_BOARD_NAME_BYTES];
    size_t p = 0, left = n + skip;
    if (list[0] != '\0' && !word_of(list, n, name))
        return board->ports;
    for (; p < board->ports; p++)
        if (board->port[p].output == output &&
            (list[0] ? strcmp(board->port[p].name, name) == 0 : left-- == 0))
            break;
    return p;
}

/* The board's rate that is the rig's, and what the board multiplies volts by at that rate. */
static enum oac_status rate_find(const struct oac_board *board, size_t p, double rate_hz,
                                 double *gain, struct oac_err *err)
{
    const struct oac_board_port *port = &board->port[p];
    *gain = 1.0;
    if (port->rates == 0)
        return OAC_OK;
    for (size_t i = 0; i < port->rates; i++)
        if (fabs(port->rate_hz[i] - rate_hz) <= 1e-3 * rate_hz) {
            *gain = port->rate_gain[i] > 0.0 ? port->rate_gain[i] : 1.0;
            return OAC_OK;
        }
    return oac_fail(err, OAC_EMISMATCH,
                    "board %s, port %s does not convert at the rig's %g Hz (slot_rate_hz times "
                    "samples_per_slot), but at %g Hz and others: oac rig check names the keys",
                    board->name, port->name, rate_hz, port->rate_hz[0]);
}

static enum oac_status bind(struct oac_twin_bench *bench, const char *role, size_t n, size_t p,
                            const struct oac_port *port, struct oac_err *err)
{
    const struct oac_board *board = bench->board;
    struct oac_twin_shape *shape = &bench->shape;
    if (p == board->ports)
        return oac_fail(
            err, OAC_EMISMATCH,
            "board %s has no port for %s %zu: name one in the rig's iio section, or "
            "take a rig with fewer channels or another board",
            board->name, role, n);
    if (shape->drive_of[p] != OAC_TWIN_UNBOUND || shape->readout_of[p] != OAC_TWIN_UNBOUND)
        return oac_fail(err, OAC_EMISMATCH,
                        "board %s, port %s is given to two roles, one %s %zu", board->name,
                        board->port[p].name, role, n);
    if (board->port[p].iq != port->iq)
        return oac_fail(err, OAC_EMISMATCH,
                        "board %s, port %s %s, the rig's %s %zu %s: set or clear "
                        "subcarrier.carrier_hz",
                        board->name, board->port[p].name,
                        board->port[p].iq ? "carries I and Q" : "is one real voltage", role, n,
                        port->iq ? "carries I and Q" : "is one real voltage");
    for (size_t q = 0; q < board->ports; q++) /* a device has one rate */
        if (strcmp(board->port[q].device, board->port[p].device) == 0)
            shape->rate_hz[q] = port->rate_hz;
    return rate_find(board, p, port->rate_hz, &bench->gain[p], err);
}

static enum oac_status bind_all(struct oac_twin_bench *bench, const struct oac_rig *rig,
                                struct oac_err *err)
{
    const struct oac_stream_caps *caps = bench->stream.caps;
    const struct oac_board *board = bench->board;
    struct oac_twin_shape *shape = &bench->shape;
    const size_t channels = shape->readouts;
    for (size_t k = 0; k < channels; k++) {
        size_t p = port_of(board, true, rig->iio.weight_ports, k, 0);
        if (bind(bench, "weight", k, p, &caps->link.weight[k], err) ||
            drive_make(board, p, bench->gain[p], &caps->link.weight[k],
                       caps->weight_samples_per_slot, &bench->drive[k], err))
            return err->status;
        shape->drive_of[p] = k;
    }
    size_t p = port_of(board, true, rig->iio.client_port, 0, channels);
    if (bind(bench, "client", 0, p, caps->link.client, err) ||
        drive_make(board, p, bench->gain[p], caps->link.client, caps->client_samples_per_slot,
                   &bench->drive[channels], err))
        return err->status;
    shape->drive_of[p] = channels;
    for (size_t k = 0; k < channels; k++) {
        p = port_of(board, false, rig->iio.readout_ports, k, 0);
        if (bind(bench, "readout", k, p, &caps->link.readout[k], err))
            return err->status;
        shape->readout_of[p] = k;
        bench->readout_port[k] = p;
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
    for (size_t p = 0; p < bench->board->ports; p++) {
        const struct oac_board_port *port = &bench->board->port[p];
        shape->drive_of[p] = shape->readout_of[p] = OAC_TWIN_UNBOUND;
        shape->rate_hz[p] = port->rates > 0 ? port->rate_hz[0] : 1.0;
        bench->zero[p] = oac_twin_board_code(port, 1.0, 0.0);
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
    bench->readout_port =
        oac_alloc(bench->shape.readouts, sizeof *bench->readout_port, "virtual ADCs", err);
    return bench->readout_port ? OAC_OK : err->status;
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
