package main

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"

	"github.com/tencentyun/cos-go-sdk-v5"
)

const firstPartBytes = 1 << 20

// tool is what a test asks of the SDK by hand: upload, list by pages, resume, and give a multipart upload up.
type tool struct {
	client *cos.Client
	place  toolPlace
}

type toolPlace struct {
	place
	URL       string `json:"url"`
	Folder    string `json:"folder"`
	Back      string `json:"back"`
	SecretID  string `json:"secretId"`
	SecretKey string `json:"secretKey"`
	Token     string `json:"token"`
}

func newTool(place toolPlace) (*tool, error) {
	proxy, err := url.Parse(place.URL)
	if err != nil {
		return nil, err
	}
	bucket, err := cos.NewBucketURL(place.Bucket, place.Region, false)
	if err != nil {
		return nil, err
	}
	transport := &cos.AuthorizationTransport{
		SecretID: place.SecretID, SecretKey: place.SecretKey, SessionToken: place.Token,
		Transport: &http.Transport{Proxy: http.ProxyURL(proxy)},
	}
	return &tool{cos.NewClient(&cos.BaseURL{BucketURL: bucket}, &http.Client{Transport: transport}), place}, nil
}

func (t *tool) begin(ctx context.Context, body []byte) (string, error) {
	begun, _, err := t.client.Object.InitiateMultipartUpload(ctx, t.place.Key, nil)
	if err != nil {
		return "", err
	}
	_, err = t.client.Object.UploadPart(ctx, t.place.Key, begun.UploadID, 1, bytes.NewReader(body), nil)
	return begun.UploadID, err
}

func (t *tool) uploads(ctx context.Context) ([]string, error) {
	listed, _, err := t.client.Bucket.ListMultipartUploads(ctx, &cos.ListMultipartUploadsOptions{Prefix: t.place.Key})
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, each := range listed.Uploads {
		ids = append(ids, each.UploadID)
	}
	return ids, nil
}

func (t *tool) keys(ctx context.Context) ([]string, error) {
	keys := []string{}
	options := &cos.BucketGetOptions{Prefix: t.place.Folder, MaxKeys: 1}
	for {
		page, _, err := t.client.Bucket.Get(ctx, options)
		if err != nil {
			return nil, err
		}
		for _, each := range page.Contents {
			keys = append(keys, each.Key)
		}
		if !page.IsTruncated {
			return keys, nil
		}
		options.Marker = page.NextMarker
	}
}

func (t *tool) giveUp(ctx context.Context) (parts int, left int, err error) {
	id, err := t.begin(ctx, []byte("given up"))
	if err != nil {
		return 0, 0, err
	}
	listed, _, err := t.client.Object.ListParts(ctx, t.place.Key, id, nil)
	if err != nil {
		return 0, 0, err
	}
	if _, err = t.client.Object.AbortMultipartUpload(ctx, t.place.Key, id); err != nil {
		return 0, 0, err
	}
	ids, err := t.uploads(ctx)
	for _, each := range ids {
		if each == id {
			left++
		}
	}
	return len(listed.Parts), left, err
}

func firstPart(content []byte) []byte {
	if len(content) > firstPartBytes {
		return content[:firstPartBytes]
	}
	return content
}

func (t *tool) run(ctx context.Context) (map[string]any, error) {
	content, err := os.ReadFile(t.place.Path)
	if err != nil {
		return nil, err
	}
	// Begun and left by somebody: Upload with a checkpoint finds it and goes on.
	if _, err = t.begin(ctx, firstPart(content)); err != nil {
		return nil, err
	}
	begun, err := t.uploads(ctx)
	if err != nil {
		return nil, err
	}
	options := &cos.MultiUploadOptions{PartSize: 1, CheckPoint: true}
	if _, _, err = t.client.Object.Upload(ctx, t.place.Key, t.place.Path, options); err != nil {
		return nil, err
	}
	if _, err = t.client.Object.Download(ctx, t.place.Key, t.place.Back, nil); err != nil {
		return nil, err
	}
	keys, err := t.keys(ctx)
	if err != nil {
		return nil, err
	}
	parts, left, err := t.giveUp(ctx)
	return map[string]any{
		"keys": keys, "first": keys, "parts": parts, "listed": len(begun), "left": left, "address": "",
	}, err
}
