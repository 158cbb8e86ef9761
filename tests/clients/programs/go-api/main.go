// Command api runs the unmodified API SDK for Go: it reads calls as lines of JSON and answers each with one line of
// JSON. Its argument is what clients.api.sdks.settings_of makes; calls and answers are those of api_python.py.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	vod "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vod/v20180717"
)

const longestLine = 16 << 20

type settings struct {
	SecretID   string `json:"secretId"`
	SecretKey  string `json:"secretKey"`
	Endpoint   string `json:"endpoint"`
	Method     string `json:"method"`
	SignMethod string `json:"signMethod"`
}

type call struct {
	Action     string                     `json:"action"`
	Parameters map[string]json.RawMessage `json:"parameters"`
}

type request interface {
	tchttp.Request
	FromJsonString(text string) error
}

type said map[string]interface{}

func newClient(given settings) *vod.Client {
	chosen := profile.NewClientProfile()
	chosen.SignMethod = given.SignMethod
	chosen.HttpProfile.Endpoint = given.Endpoint
	chosen.HttpProfile.Scheme = "http"
	chosen.HttpProfile.ReqMethod = given.Method
	client, err := vod.NewClient(common.NewCredential(given.SecretID, given.SecretKey), "ap-guangzhou", chosen)
	if err != nil {
		panic(err)
	}
	return client
}

// newRequest does what the SDK's New…Request does, for a type that is known by reflection only.
func newRequest(kind reflect.Type, action string) request {
	made := reflect.New(kind)
	base := &tchttp.BaseRequest{}
	made.Elem().FieldByName("BaseRequest").Set(reflect.ValueOf(base))
	base.Init().WithApiInfo("vod", vod.APIVersion, action)
	return made.Interface().(request)
}

func answer(client *vod.Client, asked call) said {
	method := reflect.ValueOf(client).MethodByName(asked.Action)
	if !method.IsValid() {
		return said{"lacks": asked.Action}
	}
	kind := method.Type().In(0).Elem()
	for name := range asked.Parameters {
		if _, known := kind.FieldByName(name); !known {
			return said{"lacks": name}
		}
	}
	made := newRequest(kind, asked.Action)
	text, _ := json.Marshal(asked.Parameters)
	if err := made.FromJsonString(string(text)); err != nil {
		return said{"error": "ClientError.Request", "message": err.Error(), "requestId": ""}
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(made)})
	if err, failed := results[1].Interface().(error); failed {
		return failure(err)
	}
	// The typed answer, written as JSON again: what the SDK did not decode is not in it.
	return said{"ok": results[0].Elem().FieldByName("Response").Interface()}
}

func failure(err error) said {
	if known, is := err.(*errors.TencentCloudSDKError); is {
		return said{"error": known.Code, "message": known.Message, "requestId": known.RequestId}
	}
	return said{"error": "ClientError", "message": err.Error(), "requestId": ""}
}

func main() {
	var given settings
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		panic(err)
	}
	client := newClient(given)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var asked call
		if err := json.NewDecoder(strings.NewReader(lines.Text())).Decode(&asked); err != nil {
			panic(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(answer(client, asked)); err != nil {
			panic(err)
		}
	}
}
