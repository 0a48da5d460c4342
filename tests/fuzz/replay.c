/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The main function of fuzz targets built without a fuzzer. It runs each file
 * named on the command line through the target once.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_INPUT (1024 * 1024)

static int
replay(const char *name)
{
	uint8_t *data = malloc(MAX_INPUT);
	FILE *file = fopen(name, "rb");
	uint8_t *exact;
	size_t size;

	if (data == NULL || file == NULL) {
		perror(name);
		return 1;
	}
	size = fread(data, 1, MAX_INPUT, file);
	(void)fclose(file);
	/* The exact size, so that sanitizers see a read past the end. */
	exact = realloc(data, size == 0 ? 1 : size);
	if (exact == NULL)
		return 1;
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	(void)printf("%d inputs\n", argc - 1);
	return failed;
}
