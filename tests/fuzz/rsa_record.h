/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_RSA_RECORD_H
#define PST_TESTS_RSA_RECORD_H

/* The key record of tests/keys/test-rsa.txt, as a zone has it. */
#define RSA_RECORD                                                             \
	"\"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCg"           \
	"KCAQEAqBKOyrR1SpTcIuJTDIZTm5WD5lIXYOHaENqC5uNZ3ksbxUSf6b"             \
	"gsOLn8zY8Lvsfw/ZtzSevKl8MwdxNMHjqVCYQYmEyqFr56Snq24s3PtQ"             \
	"7f3uBMhaS3MG7fIjp1VREJvkQGnE2VJcWjr2IXYKnWWHDnrm8pmLeY2W"             \
	"ZKwRRRmrdMfoI/Fw\" "                                                  \
	"\"CDzgY6Jc6UCqncvnf+tEkzBKHwBKkWBqgD0nl1uXhgWFB4AzCJVI2hX8"           \
	"ug+gcLSdLWxxGH8XSTCpoW1tYx7JkBEbywd520QXJpCRzozv5sEjzNXR"             \
	"Zrx1GU96bnXv+cfcfZGAZdkf7Qo5afmK4aoWIC5yPBiQI3vPDFfQIDAQ"             \
	"AB\""

#endif
