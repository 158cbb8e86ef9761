// Command clients runs the unmodified COS Go SDK. It prints one JSON object and reads commands from standard input,
// one a line. Its argument is what clients.drivers.programs.request_of makes, with places and a credential.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tencentyun/cos-go-sdk-v5"
)

const renewSeconds = 60

type credential struct {
	SecretID    string `json:"secretId"`
	SecretKey   string `json:"secretKey"`
	Token       string `json:"token"`
	ExpiredTime int64  `json:"expiredTime"`
}

type place struct {
	Path   string `json:"path"`
	Bucket string `json:"bucket"`
	Region string `json:"region"`
	Key    string `json:"key"`
}

type request struct {
	PlainPort     int        `json:"plainPort"`
	CredentialURL string     `json:"credentialUrl"`
	Credential    credential `json:"credential"`
	Places        []place    `json:"places"`
}

// renewed is what an app gives the SDK for temporary credentials: the newest, asked for when the last one is about to
// end by a clock that the test can move.
type renewed struct {
	mutex        sync.Mutex
	address      string
	current      credential
	shiftSeconds int64
}

func (r *renewed) now() credential {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if time.Now().Unix()+r.shiftSeconds > r.current.ExpiredTime-renewSeconds {
		if err := r.renew(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return r.current
}

func (r *renewed) renew() error {
	answer, err := http.Get(r.address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(&r.current)
}

func (r *renewed) shift(seconds float64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.shiftSeconds += int64(seconds)
}

// The SDK asks for the three parts one by one.
func (r *renewed) GetSecretId() string  { return r.now().SecretID }
func (r *renewed) GetSecretKey() string { return r.now().SecretKey }
func (r *renewed) GetToken() string     { return r.now().Token }

func store(ctx context.Context, given request, credentials *renewed, place place) error {
	bucket, err := cos.NewBucketURL(place.Bucket, place.Region, false)
	if err != nil {
		return err
	}
	proxy := &url.URL{Scheme: "http", Host: "127.0.0.1:" + strconv.Itoa(given.PlainPort)}
	transport := &cos.CredentialTransport{
		Credential: credentials,
		Transport:  &http.Transport{Proxy: http.ProxyURL(proxy)},
	}
	client := cos.NewClient(&cos.BaseURL{BucketURL: bucket}, &http.Client{Transport: transport})
	options := &cos.MultiUploadOptions{PartSize: 1, ThreadPoolSize: 3, CheckPoint: true}
	_, _, err = client.Object.Upload(ctx, place.Key, place.Path, options)
	return err
}

func listen(credentials *renewed, cancel context.CancelFunc) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "cancel":
			cancel()
		case "shift":
			seconds, err := strconv.ParseFloat(words[1], 64)
			if err != nil {
				panic(err)
			}
			credentials.shift(seconds)
		default:
			panic(lines.Text())
		}
	}
}

func main() {
	var given request
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	credentials := &renewed{address: given.CredentialURL, current: given.Credential}
	go listen(credentials, cancel)
	said := map[string]any{"stored": true}
	for _, place := range given.Places {
		if err := store(ctx, given, credentials, place); err != nil {
			said = map[string]any{"error": err.Error()}
			break
		}
	}
	cancel()
	_ = json.NewEncoder(os.Stdout).Encode(said)
}
