//go:build !unix

package main

const withoutWaiting = 0
