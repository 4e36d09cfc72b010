/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac info`: what a file is. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/h5.h"
#include "base/npy.h"
#include "cli/command.h"
#include "cli/info_calibration.h"
#include "cli/info_h5.h"
#include "driver/recording/recording.h"
#include "experiments/format.h"
#include "hal/calrec.h"
#include "models/formats/native.h"
#include "models/idx.h"
#include "models/network.h"
#include "sim/rig.h"

#define MAGIC_BYTES 8

static const char doc[] =
    "Say what a file is and where it comes from.\v"
    "Known are: models, runs, calibrations and recordings (HDF5), data sets (IDX,\n"
    "raw or gzip) and rigs (YAML). Prints format, shapes, digest, provenance and the\n"
    "attributes; any other HDF5 file is listed as far as it can be read.\n"
    "\n"
    "Examples:\n"
    "  oac info experiments/mnist/mnist.h5\n"
    "  oac info run.h5\n";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **path = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (*path)
            return ARGP_ERR_UNKNOWN;
        *path = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which FILE?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_layer(size_t index, const struct oac_dense *layer)
{
    printf("  layer %zu                  dense %zu -> %zu, %s", index, layer->inputs,
           layer->outputs, oac_activation_names[layer->activation]);
    if (isfinite(layer->w_limit))
        printf(", weights within %.4g", (double)layer->w_limit);
    if (isfinite(layer->x_scale))
        printf(", inputs up to %.4g", (double)layer->x_scale);
    putchar('\n');
}

static enum oac_status print_model(const char *path, struct oac_err *err)
{
    struct oac_network *network = NULL;
    char digest[OAC_DIGEST_HEX_BYTES];
    enum oac_status status = oac_native_read(path, &network, err);
    if (status != OAC_OK)
        return status;
    status = oac_network_digest(network, digest, err);
    if (status == OAC_OK) {
        printf("network\n");
        for (size_t l = 0; l < network->layers; l++)
            print_layer(l, &network->layer[l]);
        printf("  %-24s %s\n", "products per image",
               oac_format_count(oac_network_macs(network)).text);
        printf("  %-24s %s\n", "sha256 of the weights", digest);
    }
    oac_network_destroy(network);
    return status;
}

/* Reads it as a replay would, so that a damaged one is found here too. */
static enum oac_status print_recording(const char *path, struct oac_err *err)
{
    struct oac_recording *r = NULL;
    if (oac_recording_read(path, &r, err) != OAC_OK)
        return err->status;
    size_t lost = 0;
    double played_s = 0.0;
    for (size_t i = 0; i < r->segments; i++)
        played_s += (double)r->load[r->segment[i].load].slots * r->caps.link.slot_s;
    for (size_t i = 0, at = 0; i < r->bursts; i++) {
        const size_t first = at;
        while (at < r->segments && r->segment[at].burst == i)
            at++;
        lost += at - first > r->burst_received[i] ? at - first - r->burst_received[i] : 0;
    }
    printf("recording\n");
    printf("  %-24s %s (%s)\n", "bench", r->text[OAC_RECORDING_DEVICE],
           r->text[OAC_RECORDING_ON]);
    printf("  %-24s %zu in %zu bursts, %.3g s of light; %zu lost\n", "segments", r->segments,
           r->bursts, played_s, lost);
    printf("  %-24s %zu weight, %zu client\n", "different waveforms", r->loads, r->clients);
    printf("  replay: --on replay --uri %s, with the same rig, model and options\n", path);
    oac_recording_destroy(r);
    return OAC_OK;
}

static enum oac_status info_h5(const char *path, struct oac_err *err)
{
    struct oac_h5_file *file = NULL;
    if (oac_h5_read(path, 0, &file, err) != OAC_OK)
        return err->status;
    const char *format = oac_info_h5_format(file);
    printf("%s: HDF5, %s\n", path, format ? format : "not a file of oac");
    oac_info_print_h5(file);
    enum oac_status status = OAC_OK;
    if (format && strcmp(format, "oac-model") == 0)
        status = print_model(path, err);
    else if (format && strcmp(format, "oac-recording") == 0)
        status = print_recording(path, err);
    else if (format && strcmp(format, OAC_CALREC_FORMAT) == 0)
        status = oac_info_print_calibration(path, err);
    oac_h5_file_destroy(file);
    return status;
}

/* Images have three dimensions, labels one; the reader wants to be told which. */
static enum oac_status info_idx(const char *path, struct oac_err *err)
{
    struct oac_idx idx = {0};
    if (oac_idx_read(path, 3, &idx, err) == OAC_OK) {
        printf("%s: IDX, %zu images of %zu x %zu pixels\n", path, idx.dims[0], idx.dims[1],
               idx.dims[2]);
    } else {
        struct oac_err as_images = *err;
        if (oac_idx_read(path, 1, &idx, err) != OAC_OK) {
            *err = as_images;
            return err->status;
        }
        unsigned top = 0;
        for (size_t i = 0; i < idx.bytes; i++)
            top = idx.data[i] > top ? idx.data[i] : top;
        printf("%s: IDX, %zu labels, 0 to %u\n", path, idx.dims[0], top);
    }
    printf("  %-24s %s\n", "sha256, decompressed", idx.sha256);
    oac_idx_fini(&idx);
    return OAC_OK;
}

static enum oac_status info_npy(const char *path, struct oac_err *err)
{
    struct oac_npy array = {0};
    if (oac_npy_read(path, 0, &array, err) != OAC_OK)
        return err->status;
    if (array.rank == 1)
        printf("%s: NumPy, a vector of %zu finite values\n", path, array.dims[0]);
    else
        printf("%s: NumPy, a matrix of %zu x %zu finite values\n", path, array.dims[0],
               array.dims[1]);
    oac_npy_fini(&array);
    return OAC_OK;
}

static enum oac_status info_rig(const char *path, struct oac_err *err)
{
    struct oac_rig rig;
    if (oac_rig_read(path, NULL, 0, &rig, NULL, err) != OAC_OK)
        return oac_fail_within(err, "neither HDF5, IDX nor NumPy, and not a rig either");
    printf("%s: rig %s\n", path, rig.name);
    printf("  %-24s %s\n", "description", rig.description);
    printf("  %-24s %lld\n", "channels", (long long)rig.channels);
    printf("  %-24s %s\n", "slot rate", oac_format_si(rig.slot_rate_hz, "Bd").text);
    printf("  more: oac rig check %s\n", path);
    return OAC_OK;
}

static enum oac_status info(const char *path, struct oac_err *err)
{
    static const unsigned char hdf5[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char magic[MAGIC_BYTES] = {0};
    size_t bytes;
    int fd;
    if (oac_file_open(path, &fd, &bytes, err) != OAC_OK)
        return err->status;
    ssize_t got = read(fd, magic, sizeof magic);
    close(fd);
    if (got == MAGIC_BYTES && memcmp(magic, hdf5, sizeof hdf5) == 0)
        return info_h5(path, err);
    if (got == MAGIC_BYTES && memcmp(magic, "\x93NUMPY", 6) == 0)
        return info_npy(path, err);
    bool gzip = got >= 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    bool idx = got >= 4 && magic[0] == 0 && magic[1] == 0;
    if (gzip || idx)
        return info_idx(path, err);
    return info_rig(path, err);
}

int oac_cmd_info(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {.parser = parse, .args_doc = "FILE", .doc = doc};
    const char *path = NULL;
    struct oac_err err;
    oac_cli_parse(cli, &argp, argc, argv, &path);
    return info(path, &err) == OAC_OK ? 0 : oac_cli_fail(cli, &err);
}
