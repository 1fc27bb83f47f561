package license

// crockford is Crockford's base 32: no I, L, O, U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var crockfordValue = func() (table [256]int8) {
	for i := range table {
		table[i] = -1
	}
	for i := range len(crockford) {
		table[crockford[i]] = int8(i)
	}
	return table
}()

// alpha has the powers of α = 2 in GF(32) with x⁵+x²+1.
var alpha = func() (table [31]byte) {
	v := 1
	for i := range table {
		table[i] = byte(v)
		v <<= 1
		if v&32 != 0 {
			v ^= 0b100101
		}
	}
	return table
}()

func gfMul(a, b byte) byte {
	var product byte
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		a <<= 1
		if a&32 != 0 {
			a ^= 0b100101
		}
	}
	return product
}

// checkLetter returns the value of the check letter of letter values: the sum of αⁱ·vᵢ for i = 1 … n.
func checkLetter(values []byte) byte {
	var sum byte
	for i, v := range values {
		sum ^= gfMul(alpha[(i+1)%len(alpha)], v)
	}
	return sum
}

// withCheck returns the letters of values followed by their check letter.
func withCheck(values []byte) string {
	letters := make([]byte, 0, len(values)+1)
	for _, v := range values {
		letters = append(letters, crockford[v])
	}
	return string(append(letters, crockford[checkLetter(values)]))
}

// crockfordValues returns the values of letters that are valid Crockford letters.
func crockfordValues(letters string) []byte {
	values := make([]byte, len(letters))
	for i := range len(letters) {
		values[i] = byte(crockfordValue[letters[i]])
	}
	return values
}
