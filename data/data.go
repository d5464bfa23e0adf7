// Package data reads and writes image files and turns folders of them into training batches.
package data
