/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main experiment: a data set through a network through a link.
 *
 * Photons per MAC count per model product w*x, summed over all passes and both detectors of a
 * pair: detected (signal photoelectrons before gain), incident (detected / quantum efficiency),
 * launched (leaving the server) and client_in (entering the client). aJ per MAC are the same
 * photons times h nu: optical energy. Electrical energy is apart (experiments/energy.h). Every
 * figure but `seconds`, `images_per_s`, `threads` and `batch` is the same bit for bit for any
 * number of threads and any batch size. */
#ifndef OAC_EXPERIMENTS_RUN_H
#define OAC_EXPERIMENTS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/status.h"
#include "driver/played.h"
#include "experiments/calibration_use.h"
#include "experiments/energy.h"
#include "experiments/statistics.h"
#include "hal/engine.h"

enum oac_photon_reference { OAC_PHOTONS_DETECTED, OAC_PHOTONS_PREWEIGHT };
enum oac_photon_budget { OAC_BUDGET_LAYER, OAC_BUDGET_SAMPLE };
extern const char *const oac_photon_reference_names[]; /* "detected", "preweight", NULL */
extern const char *const oac_photon_budget_names[];    /* "layer", "sample", NULL */

struct oac_run_options {
    const char *model_path;
    const char *data_name,
        *data_directory;     /* directory NULL: the search order of models/dataset.h */
    const char *data_split;  /* NULL: "test" */
    const char *rig;         /* a file or the name of a shipped rig */
    const char *const *sets; /* (set_count) "path=value" */
    size_t set_count;
    const char *on;  /* row of driver/registry.h; NULL: "sim" */
    const char *uri; /* of a lab bench; NULL: the rig's */
    size_t images;   /* the first so many; 0: all */
    enum oac_encoding encoding;
    uint32_t noise;         /* mask of sim/noise.h */
    double photons_per_mac; /* NAN: the rig's own power */
    enum oac_photon_reference photon_reference;
    enum oac_photon_budget photon_budget;
    struct oac_calibration_use calibration;
    uint32_t repeats;          /* windows averaged per readout, >= 1 */
    uint64_t seed;             /* of the noise */
    size_t threads;            /* 0: all processors */
    size_t batch;              /* 0: chosen */
    const char *output_path;   /* NULL: none */
    const char *record_path;   /* NULL: none; docs/recording.md */
    const char *command_line;  /* provenance; may be NULL */
    bool arm;                  /* real outputs may be driven (driver/arming.h) */
    struct oac_played *played; /* not NULL: a dry run, and what it would play */
};

#define OAC_RUN_CLASSES_MAX 64
#define OAC_RUN_LAYERS_MAX  64
#define OAC_RUN_TEXT_BYTES  256

struct oac_run_layer { /* per image, at the layer's launch and mean operand */
    uint64_t inputs, outputs, macs, optical_macs, slots, windows;
    double launch; /* power relative to the rig's; NAN with a budget per sample */
    double detected_photons, launched_j, client_in_j;
};

struct oac_run_result {
    char on[32], encoding[16], noise[64];
    char photon_reference[16], photon_budget[16]; /* "" when the rig's own power was used */
    char model_name[OAC_RUN_TEXT_BYTES], dataset_name[64], dataset_split[64];
    char rig_name[OAC_RUN_TEXT_BYTES], device_id[OAC_RUN_TEXT_BYTES], kernel_level[16];
    char model_sha256[OAC_DIGEST_HEX_BYTES], dataset_sha256[OAC_DIGEST_HEX_BYTES];
    char rig_sha256[OAC_DIGEST_HEX_BYTES];
    struct oac_calibration_marks calibration;
    uint64_t seed, repeats;
    size_t images, classes, threads, batch;
    double photons_per_mac_asked;                 /* NAN: the rig's own power */
    double accuracy, accuracy_low, accuracy_high; /* Wilson score interval, 95 % */
    double accuracy_digital, agreement;           /* agreement: same label as digital */
    double logit_error_rms; /* analog minus digital, all images and classes */
    uint64_t macs_per_image, optical_macs_per_image, slots_per_image, windows_per_image;
    double photons_per_mac_detected, photons_per_mac_incident, photons_per_mac_launched,
        photons_per_mac_client_in;
    double aj_per_mac_detected, aj_per_mac_incident, aj_per_mac_launched, aj_per_mac_client_in;
    uint64_t clipped_operands, clipped_readouts, clipped_weights;
    double readouts_per_image;
    char underflow[8], overflow[8]; /* of converters' samples: oac_loss_name */
    double slot_rate_hz,
        latency_s_per_image;      /* bench time of one image incl. guards and references */
    double link_bits_per_s;       /* weight stream over all channels */
    uint64_t client_memory_bytes; /* experiments/figures.h states the formula */
    double client_j_per_mac, server_j_per_mac; /* electrical, rig.energy */
    struct oac_energy energy_per_mac;          /* the same by component */
    double seconds, images_per_s;              /* wall clock of the optical part alone */
    size_t layers;
    struct oac_run_layer layer[OAC_RUN_LAYERS_MAX];
    uint64_t confusion[OAC_RUN_CLASSES_MAX][OAC_RUN_CLASSES_MAX]; /* [true][predicted] */
    char class_names[OAC_RUN_CLASSES_MAX][32];
};

/* Runs; writes output_path (HDF5, format "oac-run") when given. *result is about 40 KiB and
 * untouched on failure. Status: OAC_EINTERRUPTED when the sink asked to stop (nothing is
 * written then); OAC_EMISMATCH when model, data and bench do not fit; what the opened files and
 * the link say. */
enum oac_status oac_run(const struct oac_run_options *options, const struct oac_sink *sink,
                        struct oac_run_result *result, struct oac_err *err) OAC_MUST_USE;

#endif
