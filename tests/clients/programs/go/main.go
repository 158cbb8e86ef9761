// Command clients runs the unmodified COS Go SDK. It prints one JSON object and reads commands from standard input,
// one a line. Its argument is what clients.drivers.programs.request_of makes, with places and a credential.
package main

import (
	"bufio"
	"context"
	"encoding/json"
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

// renewing is what an app puts around the SDK's transport for temporary credentials: it sets the next one, whole, when
// the last one is about to end by a clock that the test can move.
type renewing struct {
	*cos.AuthorizationTransport
	mutex        sync.Mutex
	address      string
	expiredTime  int64
	shiftSeconds int64
}

func newRenewing(given request) *renewing {
	proxy := &url.URL{Scheme: "http", Host: "127.0.0.1:" + strconv.Itoa(given.PlainPort)}
	return &renewing{
		AuthorizationTransport: &cos.AuthorizationTransport{
			SecretID:     given.Credential.SecretID,
			SecretKey:    given.Credential.SecretKey,
			SessionToken: given.Credential.Token,
			Transport:    &http.Transport{Proxy: http.ProxyURL(proxy)},
		},
		address:     given.CredentialURL,
		expiredTime: given.Credential.ExpiredTime,
	}
}

// RoundTrip sends a request of the SDK.
func (r *renewing) RoundTrip(sent *http.Request) (*http.Response, error) {
	if err := r.renew(); err != nil {
		return nil, err
	}
	return r.AuthorizationTransport.RoundTrip(sent)
}

func (r *renewing) renew() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if time.Now().Unix()+r.shiftSeconds <= r.expiredTime-renewSeconds {
		return nil
	}
	answer, err := http.Get(r.address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var next credential
	if err := json.NewDecoder(answer.Body).Decode(&next); err != nil {
		return err
	}
	r.SetCredential(next.SecretID, next.SecretKey, next.Token)
	r.expiredTime = next.ExpiredTime
	return nil
}

func (r *renewing) shift(seconds float64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.shiftSeconds += int64(seconds)
}

func store(ctx context.Context, transport *renewing, place place) error {
	bucket, err := cos.NewBucketURL(place.Bucket, place.Region, false)
	if err != nil {
		return err
	}
	client := cos.NewClient(&cos.BaseURL{BucketURL: bucket}, &http.Client{Transport: transport})
	file, err := os.Stat(place.Path)
	if err != nil {
		return err
	}
	// Small parts, for a middle to act in; the SDK takes a given size for good, and at most 10,000 parts.
	options := &cos.MultiUploadOptions{PartSize: 1, ThreadPoolSize: 3, CheckPoint: true}
	if file.Size() >= 10_000<<20 {
		options.PartSize = 0
	}
	_, _, err = client.Object.Upload(ctx, place.Key, place.Path, options)
	return err
}

func listen(transport *renewing, cancel context.CancelFunc) {
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
			transport.shift(seconds)
		default:
			panic(lines.Text())
		}
	}
}

func main() {
	if len(os.Args) > 2 {
		useByHand(os.Args[2])
		return
	}
	var given request
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	transport := newRenewing(given)
	go listen(transport, cancel)
	said := map[string]any{"stored": true}
	for _, place := range given.Places {
		if err := store(ctx, transport, place); err != nil {
			said = map[string]any{"error": err.Error()}
			break
		}
	}
	cancel()
	_ = json.NewEncoder(os.Stdout).Encode(said)
}

func useByHand(argument string) {
	var given toolPlace
	if err := json.Unmarshal([]byte(argument), &given); err != nil {
		panic(err)
	}
	tool, err := newTool(given)
	if err != nil {
		panic(err)
	}
	said, err := tool.run(context.Background())
	if err != nil {
		panic(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(said)
}
