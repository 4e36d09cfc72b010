/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The physics tax: time of the full analytic run over the time of the bare dense matrix products, in the
 * same run, on one thread, as the median of interleaved pairs. Run by scripts/bench. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "bench/baseline.h"
#include "bench/workload.h"
#include "models/dataset.h"
#include "models/formats/native.h"
#include "models/forward.h"

#define PAIRS_MAX   101
#define DENSE_BATCH 1000
#define RUN_BATCH   64 /* what oac run uses */

struct images { /* the same pictures as bytes and, for the baseline, as numbers */
    struct oac_dataset *data;
    float *x; /* (count, pixels) */
};

struct plan {
    size_t pairs;
    const char *rig;
    enum oac_encoding encoding;
};

struct tax {
    double ratio; /* full run / faster baseline */
    double images_per_s;
    double gflop_per_s; /* of the faster baseline */
    bool onednn;        /* it was oneDNN */
};

static double faster_baseline_s(struct baseline *baseline, bool *onednn)
{
    double own = baseline_own_s(baseline, DENSE_BATCH);
    double other = baseline_onednn_s(baseline, DENSE_BATCH);
    *onednn = other < own;
    return *onednn ? other : own;
}

static struct tax measure(const struct plan *plan, const struct oac_network *network,
                          const char *noise, const struct images *images, size_t batch)
{
    struct tax tax = {.ratio = NAN};
    double ratios[PAIRS_MAX], speeds[PAIRS_MAX], gflops[PAIRS_MAX];
    struct baseline *baseline = baseline_create(network, images->data->count, images->x);
    struct workload *workload =
        workload_create(plan->rig, noise, plan->encoding, network, batch);
    if (!baseline || !workload)
        exit(1);
    faster_baseline_s(baseline, &tax.onednn); /* warm up both sides */
    workload_run_s(workload, images->data);
    for (size_t i = 0; i < plan->pairs; i++) {
        double base_s = faster_baseline_s(baseline, &tax.onednn);
        double full_s = workload_run_s(workload, images->data);
        ratios[i] = full_s / base_s;
        speeds[i] = (double)images->data->count / full_s;
        gflops[i] =
            2e-9 * (double)oac_network_macs(network) * (double)images->data->count / base_s;
    }
    tax.ratio = workload_median(plan->pairs, ratios);
    tax.images_per_s = workload_median(plan->pairs, speeds);
    tax.gflop_per_s = workload_median(plan->pairs, gflops);
    workload_destroy(workload);
    baseline_destroy(baseline);
    return tax;
}

/* Rate of one image at a time over the batch rate: the two alternate, because the machine's speed changes. */
static void print_share(const struct plan *plan, const struct oac_network *network,
                        const char *what, const char *noise, const struct images *images,
                        double target)
{
    double shares[PAIRS_MAX], speeds[PAIRS_MAX];
    struct workload *one = workload_create(plan->rig, noise, plan->encoding, network, 1);
    struct workload *batch =
        workload_create(plan->rig, noise, plan->encoding, network, RUN_BATCH);
    if (!one || !batch)
        exit(1);
    workload_run_s(one, images->data); /* warm up both sides */
    workload_run_s(batch, images->data);
    for (size_t i = 0; i < plan->pairs; i++) {
        double batch_s = workload_run_s(batch, images->data);
        double one_s = workload_run_s(one, images->data);
        shares[i] = batch_s / one_s;
        speeds[i] = (double)images->data->count / one_s;
    }
    double share = workload_median(plan->pairs, shares);
    printf("  one at a time, %s: %.2f of the batch rate (%.0f images/s), target >= %.1f %s\n",
           what, share, workload_median(plan->pairs, speeds), target,
           share >= target ? "met" : "MISSED");
    fflush(stdout);
    workload_destroy(one);
    workload_destroy(batch);
}

static void print_tax(const char *what, const char *noise, struct tax tax, double target)
{
    char verdict[40] = "";
    if (target > 0.0)
        snprintf(verdict, sizeof verdict, "target <= %.2f %s", target,
                 tax.ratio <= target ? "met" : "MISSED");
    printf("  %-14s %-24s tax %5.2f  %9.0f images/s  (%s %.0f GFLOP/s) %s\n", what, noise,
           tax.ratio, tax.images_per_s, tax.onednn ? "oneDNN" : "own", tax.gflop_per_s,
           verdict);
    fflush(stdout);
}

/* Cost of each source on top of the cheapest run. */
static void by_source(const struct plan *plan, const struct oac_network *network,
                      const struct images *mnist)
{
    static const char *const lists[] = {"none",  "shot", "thermal", "read",  "rin",
                                        "drive", "ase",  "adc",     "drift", "all"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        print_tax("MNIST", lists[i], measure(plan, network, lists[i], mnist, RUN_BATCH), 0.0);
}

static void by_shape(const struct plan *plan, const struct oac_network *network,
                     const struct images *mnist, const struct images *dense)
{
    const char *few = "shot,thermal,read,adc", *more = "shot,thermal,read,rin,adc";
    print_tax("MNIST", few, measure(plan, network, few, mnist, RUN_BATCH), 1.25);
    print_tax("MNIST", more, measure(plan, network, more, mnist, RUN_BATCH), 2.2);
    print_tax("dense random", few, measure(plan, network, few, dense, RUN_BATCH), 1.4);
    print_tax("dense random", more, measure(plan, network, more, dense, RUN_BATCH), 2.5);
    print_share(plan, network, "MNIST", few, mnist, 0.5);
    print_share(plan, network, "dense", few, dense, 0.3);
}

static void fill(struct images *images)
{
    struct oac_err err;
    size_t pixels = images->data->rows * images->data->cols;
    images->x = oac_alloc(images->data->count * pixels, sizeof *images->x, "images", &err);
    if (!images->x)
        exit(1);
    oac_dataset_images(images->data, 0, images->data->count, 1.0f / 255.0f, images->x);
}

static struct images mnist_images(const char *split)
{
    struct oac_err err;
    struct images images;
    if (oac_dataset_open("mnist", split, NULL, &images.data, &err)) {
        fprintf(stderr, "physics_tax: %s\n", err.message);
        exit(1);
    }
    fill(&images);
    return images;
}

/* As many as MNIST has, no pixel zero. */
static struct images random_images(void)
{
    struct images images = mnist_images("test");
    size_t bytes = images.data->count * images.data->rows * images.data->cols;
    for (size_t i = 0; i < bytes; i++) {
        uint32_t word[4];
        oac_rng_words(2, OAC_RNG_TEST, i, 0, word);
        images.data->pixels[i] = (uint8_t)(1 + word[0] % 255);
    }
    free(images.x);
    fill(&images);
    return images;
}

static void images_fini(struct images *images)
{
    oac_dataset_destroy(images->data);
    free(images->x);
}

int main(int argc, char **argv)
{
    const struct plan plan = {.pairs = 9, .rig = "bench-100", .encoding = OAC_BALANCED};
    struct oac_err err;
    if (argc < 2) {
        fprintf(stderr, "usage: physics_tax MODEL.h5... (models with 784 inputs)\n");
        return 2;
    }
    struct images mnist = mnist_images("test"), dense = random_images();
    struct images reference = mnist_images("reference");
    printf("Physics tax on %s, balanced, %zu images, one thread, kernel level %s, median of "
           "%zu pairs\n",
           plan.rig, mnist.data->count, oac_kernel()->level, plan.pairs);
    for (int i = 1; i < argc; i++) {
        struct oac_network *network;
        if (oac_native_read(argv[i], &network, &err) ||
            oac_network_statistics(network, reference.data->count, reference.x, &err)) {
            fprintf(stderr, "physics_tax: %s\n", err.message);
            return 1;
        }
        printf("%s\n", network->name);
        by_shape(&plan, network, &mnist, &dense);
        if (i == 1)
            by_source(&plan, network, &mnist);
        oac_network_destroy(network);
    }
    images_fini(&mnist);
    images_fini(&dense);
    images_fini(&reference);
    return 0;
}
