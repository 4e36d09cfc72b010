/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main experiment: a data set through a network through a link. */
#ifndef OAC_EXPERIMENTS_RUN_H
#define OAC_EXPERIMENTS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/status.h"
#include "hal/engine.h"

enum oac_photon_reference { OAC_PHOTONS_DETECTED, OAC_PHOTONS_PREWEIGHT };
enum oac_photon_budget { OAC_BUDGET_LAYER, OAC_BUDGET_SAMPLE };

struct oac_run_options {
    const char *model_path;
    const char *data_name, *data_directory, *data_split; /* split NULL: "test" */
    const char *rig;
    const char *const *sets; size_t set_count;
    const char *on;              /* "sim" */
    size_t images;               /* 0: all */
    enum oac_encoding encoding;
    uint32_t noise;
    double photons_per_mac;      /* NAN: the rig's own power */
    enum oac_photon_reference photon_reference;
    enum oac_photon_budget photon_budget;
    uint32_t repeats;
    uint64_t seed;
    size_t threads;              /* 0: all processors */
    size_t batch;                /* 0: chosen */
    const char *output_path;     /* NULL: none */
    const char *command_line;
};

#define OAC_RUN_CLASSES_MAX 64

struct oac_run_result {
    char model_name[128], dataset_name[64], rig_name[256], kernel_level[16];
    char model_sha256[OAC_DIGEST_HEX_BYTES], dataset_sha256[OAC_DIGEST_HEX_BYTES], rig_sha256[OAC_DIGEST_HEX_BYTES];
    size_t images, classes, threads, batch;
    double accuracy, accuracy_low, accuracy_high;   /* Wilson score interval, 95 % */
    double accuracy_digital, agreement;             /* agreement: same label as digital */
    uint64_t macs_per_image, optical_macs_per_image, slots_per_image, windows_per_image;
    double photons_per_mac_detected, photons_per_mac_incident, photons_per_mac_launched,
        photons_per_mac_client_in;
    double aj_per_mac_detected, aj_per_mac_incident, aj_per_mac_launched, aj_per_mac_client_in;
    uint64_t clipped_operands, clipped_readouts, clipped_weights;
    double latency_s_per_image;                     /* bench time incl. guards */
    double link_bits_per_s;                         /* weight stream over all channels */
    uint64_t client_memory_bytes;
    double client_j_per_mac, server_j_per_mac;      /* electrical, rig.energy */
    double seconds, images_per_s;
    uint64_t confusion[OAC_RUN_CLASSES_MAX][OAC_RUN_CLASSES_MAX]; /* [true][predicted] */
    const char *const *class_names;
};

/* Runs; writes output_path (HDF5, format "oac-run") when given. Deterministic in everything but seconds. */
enum oac_status oac_run(const struct oac_run_options *options, const struct oac_sink *sink,
                        struct oac_run_result *result, struct oac_err *err) OAC_MUST_USE;

/* 95 % Wilson score interval of successes out of trials. */
void oac_wilson_interval(size_t successes, size_t trials, double *low, double *high);

#endif
