/* Checksums of the numbers that states and makers give out. */
#include <stdint.h>
#include <string.h>

#include "base/pii_profile.h"

static bool are_digits(const char *id, size_t length) {
  return strlen(id) == length && strspn(id, "0123456789") == length;
}

static int weighted(const char *id, const char *weights) {
  int sum = 0;
  for (size_t i = 0; weights[i] != '\0'; i++) sum += (id[i] - '0') * (weights[i] - '0');
  return sum;
}

static bool luhn(const char *id) {
  const size_t n = strlen(id);
  int sum = 0;
  for (size_t i = 0; i < n; i++) {
    int d = id[n - 1 - i] - '0';
    if (i % 2 == 1) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  return sum % 10 == 0;
}

/* 49 CFR 565.15(c): letters stand for digits, the ninth place is the check. */
bool pii_is_vin(const char *id) {
  static const char letters[] = "ABCDEFGHJKLMNPRSTUVWXYZ";
  static const char values[] = "12345678123457923456789";
  static const int weights[] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  if (strlen(id) != 17) return false;
  int sum = 0;
  for (size_t i = 0; i < 17; i++) {
    const char *letter = strchr(letters, id[i]);
    if (letter == NULL && !pii_is_num((unsigned char)id[i])) return false;
    sum += weights[i] * ((letter != NULL ? values[letter - letters] : id[i]) - '0');
  }
  return id[8] == (sum % 11 == 10 ? 'X' : (char)('0' + sum % 11));
}

/* 3GPP TS 23.003, annex B. */
bool pii_is_imei(const char *id) {
  return are_digits(id, 15) && luhn(id);
}

/* Real Decreto 1553/2005: the letter is the number modulo 23; X, Y, Z of foreigners count 0 to 2.
 */
bool pii_is_dni(const char *id) {
  static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
  if (strlen(id) != 9 || strspn(id + 1, "0123456789") != 7) return false;
  const bool foreign = id[0] >= 'X' && id[0] <= 'Z';
  if (!foreign && !pii_is_num((unsigned char)id[0])) return false;
  int rest = id[0] - (foreign ? 'X' : '0');
  for (size_t i = 1; i < 8; i++) rest = (rest * 10 + (id[i] - '0')) % 23;
  return id[8] == letters[rest];
}

/* INSEE: 97 less the number modulo 97; for Corsica's 2A and 2B one or two millions less. */
bool pii_is_nir(const char *id) {
  if (strlen(id) != 15) return false;
  int64_t number = 0;
  for (size_t i = 0; i < 15; i++) {
    const bool corsica = i == 6 && id[5] == '2' && (id[i] == 'A' || id[i] == 'B');
    if (!corsica && !pii_is_num((unsigned char)id[i])) return false;
    if (i < 13) number = number * 10 + (corsica ? 0 : id[i] - '0');
  }
  if (id[6] == 'A') number -= 1000000;
  if (id[6] == 'B') number -= 2000000;
  return (id[13] - '0') * 10 + id[14] - '0' == 97 - (int)(number % 97);
}

static bool is_one_digit(const char *id) {
  return strspn(id, (const char[]){id[0], '\0'}) == strlen(id);
}

/* Receita Federal: two check digits modulo 11. */
bool pii_is_cpf(const char *id) {
  if (!are_digits(id, 11) || is_one_digit(id)) return false;
  for (int check = 9; check <= 10; check++) {
    int sum = 0;
    for (int i = 0; i < check; i++) sum += (id[i] - '0') * (check + 1 - i);
    if (id[check] - '0' != sum * 10 % 11 % 10) return false;
  }
  return true;
}

/* The "elfproef" of the citizen service number. */
bool pii_is_bsn(const char *id) {
  if (!are_digits(id, 9) || is_one_digit(id)) return false;
  return (weighted(id, "98765432") - (id[8] - '0')) % 11 == 0;
}

bool pii_is_pesel(const char *id) {
  if (!are_digits(id, 11) || is_one_digit(id)) return false;
  return (10 - weighted(id, "1379137913") % 10) % 10 == id[10] - '0';
}

/* NHS Data Dictionary: weights 10 to 2, modulo 11. */
bool pii_is_nhs(const char *id) {
  if (!are_digits(id, 10) || is_one_digit(id)) return false;
  int sum = (id[0] - '0') * 10;
  sum += weighted(id + 1, "98765432");
  const int check = 11 - sum % 11;
  return check % 11 == id[9] - '0' && check != 10;
}

bool pii_is_sin(const char *id) {
  return are_digits(id, 9) && id[0] != '0' && id[0] != '8' && luhn(id);
}

/* Verhoeff's scheme over the dihedral group of ten elements. */
bool pii_is_aadhaar(const char *id) {
  static const char *const turns[] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                      "9453126870", "4286573901", "2793806415", "7046913258"};
  if (!are_digits(id, 12) || id[0] < '2') return false;
  int c = 0;
  for (size_t i = 0; i < 12; i++) {
    const int b = turns[i % 8][id[11 - i] - '0'] - '0';
    /* The product of two symmetries of the pentagon: 0 to 4 turn it, 5 to 9 mirror it. */
    if (c < 5)
      c = b < 5 ? (c + b) % 5 : 5 + (c + b - 5) % 5;
    else
      c = b < 5 ? 5 + (c - 5 - b + 5) % 5 : (c - b + 5) % 5;
  }
  return c == 0;
}
