package parquet_test

import (
	"fmt"
	"keygan/data/parquet"
	"log"
	"os"
)

func Example() {
	file, err := os.Open("testdata/table.parquet")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		log.Fatal(err)
	}
	table, err := parquet.Open(file, info.Size())
	if err != nil {
		log.Fatal(err)
	}
	values := make([]float32, table.Rows)
	err = table.Floats(0, values)
	fmt.Println(table.Columns[0].Name, len(values), err)
	// Output: LL_0.59 100 <nil>
}
